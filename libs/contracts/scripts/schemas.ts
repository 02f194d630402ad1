// Writes the JSON Schemas: one for each event, for consumers in any language, and one for `app.json`, for editors.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { appDeclaration } from '../src/declaration.ts';
import { EVENTS, schemaName } from '../src/events.ts';

for (const { type, dataschema, schema } of EVENTS) {
  write(schemaName(dataschema), { $id: dataschema, title: type, ...z.toJSONSchema(schema, { io: 'input' }) });
}
write('app', z.toJSONSchema(appDeclaration, { io: 'input' }));

function write(name: string, schema: object): void {
  writeFileSync(
    new URL(`../schemas/${name}.schema.json`, import.meta.url),
    `${JSON.stringify(schema, null, 2)}\n`,
  );
}
