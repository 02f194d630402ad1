import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { KINDS, type Kind } from './kinds.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}

/** @throws when the text is not YAML, or a document says a key twice */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem) throw problem;
    const manifest = document.toJS() as Manifest | null;
    return manifest ? [manifest] : [];
  });
}

/** What is wrong with the manifests: an unknown kind, a wrong type or value, a missing or a misspelt key. */
export function problemsOf(manifests: readonly Manifest[]): string[] {
  const unknown = manifests.filter((manifest) => !kindOf(manifest));
  const known = manifests.filter((manifest) => kindOf(manifest));
  return [
    ...unknown.map((manifest) => `${title(manifest)}: of no kind that is known here`),
    ...known.flatMap(schemaProblems),
    ...typeProblems(known),
  ];
}

function kindOf({ apiVersion, kind }: Manifest): Kind | undefined {
  return KINDS[`${apiVersion}/${kind}`];
}

function title({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

/** The first layer: the API's own JSON schema. It allows keys that it does not know. */
function schemaProblems(manifest: Manifest): string[] {
  const kind = kindOf(manifest);
  if (!kind) return [];
  try {
    new kind.Model(manifest as never).validate();
    return [];
  } catch (error) {
    return [`${title(manifest)}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** The second layer: each manifest as a literal of its TypeScript type, since the compiler refuses keys that it does not know. */
function typeProblems(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map((manifest, index) => {
    const { type, module } = kindOf(manifest) ?? { type: 'never', module: '' };
    return `import type { ${type} as T${index} } from '${module}'; export const m${index}: T${index} = ${JSON.stringify(manifest)};`;
  });
  const file = join(import.meta.dirname, 'rendered-manifests.ts');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const program = ts.createProgram([file], options, hostWith(file, lines.join('\n'), options));
  return ts.getPreEmitDiagnostics(program).map(({ start = 0, messageText, file: where }) => {
    const line = where ? ts.getLineAndCharacterOfPosition(where, start).line : 0;
    const manifest = manifests[line];
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    return `${manifest ? title(manifest) : 'types'}: ${text.slice(0, 300)}`;
  });
}

/** The file system, with one file more than there is on disk. */
function hostWith(file: string, text: string, options: ts.CompilerOptions): ts.CompilerHost {
  const disk = ts.createCompilerHost(options);
  return {
    ...disk,
    getSourceFile: (name, target) =>
      name === file ? ts.createSourceFile(name, text, target) : disk.getSourceFile(name, target),
    fileExists: (name) => name === file || disk.fileExists(name),
    readFile: (name) => (name === file ? text : disk.readFile(name)),
  };
}
