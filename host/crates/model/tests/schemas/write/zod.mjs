// Writes the schemas of `types.mjs` below the folder that the first argument names: as zod 4 writes them, for both drafts, and as
// zod-to-json-schema does.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as four from "zod";
import * as three from "zod/v3";
import { zodToJsonSchema } from "zod-to-json-schema";
import { types } from "./types.mjs";

const folder = process.argv[2];

function write(tool, name, schema) {
    mkdirSync(join(folder, tool), { recursive: true });
    writeFileSync(join(folder, tool, `${name}.json`), `${JSON.stringify(schema, null, 1)}\n`);
}

for (const [name, type] of Object.entries(types(four, true))) {
    // A schema describes what an action takes, so defaults are optional.
    write("zod", name, four.toJSONSchema(type, { io: "input" }));
    write("zod-draft-7", name, four.toJSONSchema(type, { io: "input", target: "draft-7" }));
}
for (const [name, type] of Object.entries(types(three, false))) {
    write("zod-to-json-schema", name, zodToJsonSchema(type, { name, pipeStrategy: "input" }));
}
