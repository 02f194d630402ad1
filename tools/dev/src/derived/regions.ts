/**
 * Replaces the lines between the two marks of a region:
 *
 *     # generated from apps/NAME/app.json by `npm run generate`: services
 *     # end of services
 *
 * @param name the text of the marks after the colon, and after "end of"
 * @throws when the text has no such marks
 */
export function replaceRegion(text: string, name: string, content: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`by \`npm run generate\`: ${name}\\b`).test(line));
  const end = lines.findIndex((line, index) => index > start && new RegExp(`end of ${name}\\b`).test(line));
  if (start === -1 || end === -1) throw new Error(`no marks of a generated region "${name}"`);
  return [...lines.slice(0, start + 1), content, ...lines.slice(end)].join('\n');
}
