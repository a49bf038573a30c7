/**
 * Holds `src/contract.ts` against the API's committed description: every path and method that the app calls is there,
 * every field that it reads is answered, every field that it sends is taken. Exits 1 with what does not agree.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const described = JSON.parse(readFileSync(here('../../tests/contract/openapi.json'), 'utf8'));
const source = here('src/contract.ts');
const program = ts.createProgram([source], { strict: true, target: ts.ScriptTarget.ES2022 });
const checker = program.getTypeChecker();
const faults = [];

const resolved = (schema) => (schema?.$ref ? described.components.schemas[schema.$ref.split('/').pop()] : schema);

/** The members of a schema, of all its alternatives together. */
function members(schema) {
  const whole = resolved(schema);
  const parts = [...(whole?.oneOf ?? []), ...(whole?.anyOf ?? []), ...(whole?.allOf ?? [])];
  return Object.assign({}, whole?.properties, ...parts.map(members));
}

const isOpen = (schema) => Object.keys(members(schema)).length === 0;
const typeOf = (type, name) => {
  const symbol = type.getProperty(name);
  return symbol && checker.getTypeOfSymbol(symbol);
};

/** Every field of our type must be a member of the schema; what has no members of its own is not looked into. */
function compare(type, schema, where) {
  const bare = checker.getNonNullableType(type);
  if (bare.isUnion()) {
    for (const one of bare.types.filter((one) => !one.isLiteral())) compare(one, schema, where);
    return;
  }
  if (checker.isArrayType(bare)) {
    const items = resolved(schema)?.items;
    return items && compare(checker.getTypeArguments(bare)[0], items, `${where}[]`);
  }
  if (!(bare.flags & ts.TypeFlags.Object) || isOpen(schema)) return;
  for (const field of bare.getProperties()) {
    const member = members(schema)[field.name];
    if (member) compare(checker.getTypeOfSymbol(field), member, `${where}.${field.name}`);
    else if (!(field.flags & ts.SymbolFlags.Optional)) faults.push(`${where}.${field.name}: not in the description`);
  }
}

function compareOperation(path, method, type) {
  const operation = described.paths[path]?.[method];
  const where = `${method} ${path}`;
  if (!operation) return faults.push(`${where}: not in the description`);
  const body = typeOf(type, 'requestBody');
  const json = (content) => content && typeOf(typeOf(content, 'content'), 'application/json');
  const taken = operation.requestBody?.content?.['application/json']?.schema;
  if (body && taken) compare(json(body), taken, `${where} body`);
  for (const status of typeOf(type, 'responses')
    .getProperties()
    .filter((one) => one.name !== 'default')) {
    const answers = Object.keys(operation.responses);
    const [code] = answers.filter((answer) => answer.startsWith('2'));
    const answered = operation.responses[code]?.content?.['application/json']?.schema;
    if (answered) compare(json(checker.getTypeOfSymbol(status)), answered, where);
  }
}

const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(source)));
const operations = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === 'paths')).getProperties();
for (const path of operations) {
  for (const method of checker.getTypeOfSymbol(path).getProperties()) {
    compareOperation(path.name, method.name, checker.getTypeOfSymbol(method));
  }
}
for (const fault of faults) console.error(fault);
console.log(`${operations.length} paths, ${faults.length} disagreements`);
process.exit(faults.length > 0 || operations.length === 0 ? 1 : 0);
