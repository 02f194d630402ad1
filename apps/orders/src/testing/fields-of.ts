import { readFileSync } from 'node:fs';
import ts from 'typescript';

const FILE = new URL('../orders/order.ts', import.meta.url);

/**
 * The fields that an interface of order.ts declares, read from its source. Types do not exist at run time, and a value
 * need not have the optional fields.
 */
export function fieldsOf(name: 'Order' | 'OrderItem'): string[] {
  const source = ts.createSourceFile('order.ts', readFileSync(FILE, 'utf8'), ts.ScriptTarget.Latest);
  const declaration = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  ) as ts.InterfaceDeclaration | undefined;
  if (!declaration || declaration.heritageClauses) {
    throw new Error(`order.ts has no interface ${name} that declares all of its fields itself`);
  }
  return declaration.members.map((member) => (member.name as ts.Identifier).text);
}
