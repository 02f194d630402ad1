// Writes the JSON Schemas: of every event, for consumers in any language, and of the declaration of an app, for editors.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { appDeclaration } from '../src/declaration.js';
import { EVENTS, schemaName } from '../src/events.js';

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
