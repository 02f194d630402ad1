// Writes the JSON Schema of an app's declaration, for editors.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { appDeclaration } from '../src/declaration.ts';

const schema = z.toJSONSchema(appDeclaration, { io: 'input' });
const file = new URL('../schemas/app.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
