import { join, relative } from 'node:path';
import { readDeclarations } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import ts from 'typescript';
import type { Read } from './breakage.ts';

const MESSAGES = '/libs/contracts/rpc/src/gen/';
const EVENTS = '/libs/contracts/events/src/events.ts';
const NO_PRODUCT = /\.(spec|it|e2e)\.ts$|\/testing\//;

/**
 * The fields of messages and events that the apps read, as the compiler sees it: each access to a property that a contract
 * declares. A field of an event is attributed to each event that the app consumes.
 */
export function readsOfApps(root = ROOT): Read[] {
  return readDeclarations(root).flatMap(({ name, consumes }) => {
    const uses = usesIn(join(root, 'apps', name));
    return uses.flatMap(({ node, declaration }): Read[] => {
      const place = placeOf(node, root);
      const message = messageField(declaration);
      if (message !== undefined) return [{ app: name, field: message, place }];
      const path = eventField(declaration);
      return path === undefined
        ? []
        : consumes.map((type) => ({ app: name, field: `${type}:${path}`, place }));
    });
  });
}

interface Use {
  readonly node: ts.Node;
  readonly declaration: ts.Declaration;
}

/** Each access to a property that a contract declares, in the product code of an app. */
function usesIn(folder: string): Use[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(folder, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '));
      },
    },
  );
  const files = config!.fileNames.filter((file) => !NO_PRODUCT.test(file));
  const program = ts.createProgram(files, config!.options);
  const checker = program.getTypeChecker();
  const uses: Use[] = [];
  const visit = (node: ts.Node): void => {
    for (const declaration of propertyOf(node, checker)?.declarations ?? [])
      if (isContract(declaration)) uses.push({ node, declaration });
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) if (file.fileName.startsWith(`${folder}/`)) visit(file);
  return uses;
}

/** The property that `a.b` or `{ b }` reads. */
function propertyOf(node: ts.Node, checker: ts.TypeChecker): ts.Symbol | undefined {
  if (ts.isPropertyAccessExpression(node)) return checker.getSymbolAtLocation(node.name);
  if (!ts.isBindingElement(node) || !ts.isObjectBindingPattern(node.parent)) return undefined;
  const name = node.propertyName ?? node.name;
  return ts.isIdentifier(name) ? checker.getTypeAtLocation(node.parent).getProperty(name.text) : undefined;
}

function isContract(declaration: ts.Declaration): boolean {
  const { fileName } = declaration.getSourceFile();
  return fileName.includes(MESSAGES) || fileName.endsWith(EVENTS);
}

/** `Order.totalCents`; undefined when it is no field of a message. */
function messageField(declaration: ts.Declaration): string | undefined {
  if (!ts.isPropertySignature(declaration) || !ts.isInterfaceDeclaration(declaration.parent))
    return undefined;
  return `${declaration.parent.name.text}.${declaration.name.getText()}`;
}

/** `items.quantity` of a property in the schema of an event; undefined when it is none. */
function eventField(declaration: ts.Declaration): string | undefined {
  if (!declaration.getSourceFile().fileName.endsWith(EVENTS)) return undefined;
  const path: string[] = [];
  for (let node: ts.Node = declaration; !ts.isSourceFile(node); node = node.parent)
    if (ts.isPropertyAssignment(node)) path.unshift(node.name.getText());
  return path.length > 0 ? path.join('.') : undefined;
}

function placeOf(node: ts.Node, root: string): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(root, file.fileName)}:${line + 1}`;
}
