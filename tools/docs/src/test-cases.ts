import ts from 'typescript';

/**
 * How many cases a file of tests has: each row of a table that `it.each` or `describe.each` takes counts for each test in
 * it; a test without a table counts once.
 *
 * @throws Error when a table is neither written in the file nor a constant of it
 */
export function countCases(text: string): number {
  const file = ts.createSourceFile('tests.ts', text, ts.ScriptTarget.Latest, true);
  return countIn(file, file);
}

function countIn(node: ts.Node, file: ts.SourceFile): number {
  if (!ts.isCallExpression(node)) return sum(node, file);
  const { name, table } = calleeOf(node);
  if (name === undefined) return sum(node, file);
  const rows = table === undefined ? 1 : rowsOf(table, file);
  if (name === 'describe')
    return rows * node.arguments.reduce((total, each) => total + countIn(each, file), 0);
  return rows;
}

function sum(node: ts.Node, file: ts.SourceFile): number {
  let total = 0;
  ts.forEachChild(node, (child) => void (total += countIn(child, file)));
  return total;
}

/** `it`, `test` or `describe`, and the table of its `each`. */
function calleeOf({ expression }: ts.CallExpression): { name?: string; table?: ts.Expression | undefined } {
  if (ts.isIdentifier(expression) && isTest(expression.text)) return { name: expression.text };
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return {};
  const { expression: object, name } = expression.expression;
  if (name.text !== 'each' || !ts.isIdentifier(object) || !isTest(object.text)) return {};
  return { name: object.text, table: expression.arguments[0] };
}

const isTest = (name: string): boolean => ['it', 'test', 'describe'].includes(name);

function rowsOf(table: ts.Expression, file: ts.SourceFile): number {
  if (ts.isArrayLiteralExpression(table)) return table.elements.length;
  if (ts.isObjectLiteralExpression(table)) return table.properties.length;
  if (ts.isAsExpression(table)) return rowsOf(table.expression, file);
  const constant = ts.isIdentifier(table) ? initializerOf(table.text, file) : undefined;
  if (constant) return rowsOf(constant, file);
  throw new Error(`cannot count the rows of ${table.getText(file).slice(0, 60)}`);
}

function initializerOf(name: string, file: ts.SourceFile): ts.Expression | undefined {
  const declarations = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations);
  return declarations.find((each) => ts.isIdentifier(each.name) && each.name.text === name)?.initializer;
}
