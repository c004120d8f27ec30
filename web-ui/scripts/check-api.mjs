// Fails when the committed client does not match the OpenAPI document of the box.
import { readFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const document = new URL('../../firmware/api/openapi.json', import.meta.url);
const committed = new URL('../src/api/generated/schema.d.ts', import.meta.url);

const wanted = astToString(await openapiTS(document)).trim();
// The command line writes a header of comments that the library does not.
const found = readFileSync(committed, 'utf8').replace(/^\/\*\*[\s\S]*?\*\/\s*/, '').trim();
if (wanted !== found) {
  console.error('src/api/generated/schema.d.ts does not match firmware/api/openapi.json: run `npm run generate:api`.');
  process.exit(1);
}
console.log('The client matches the OpenAPI document.');
