// Writes the JSON Schema of every event, for consumers in any language.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { EVENTS, schemaName } from '../src/events.ts';

for (const { type, dataschema, schema } of EVENTS) {
  const document = { $id: dataschema, title: type, ...z.toJSONSchema(schema, { io: 'input' }) };
  const file = new URL(`../schemas/${schemaName(dataschema)}.schema.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
}
