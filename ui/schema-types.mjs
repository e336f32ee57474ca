// Writes the graph's SDL as a type, from which gql.tada infers what each query of the console takes and answers.
import { minifyIntrospection, outputIntrospectionFile } from "@gql.tada/internal";
import { buildSchema, introspectionFromSchema } from "graphql";
import { readFile, writeFile } from "node:fs/promises";

const SDL = new URL("../graphql_schema/schema.graphql", import.meta.url);
const TYPES = new URL("src/console/graph/schema.d.ts", import.meta.url);

const schema = buildSchema(await readFile(SDL, "utf8"));
const introspection = minifyIntrospection(introspectionFromSchema(schema, { descriptions: false }));
await writeFile(TYPES, outputIntrospectionFile(introspection, { fileType: ".d.ts", shouldPreprocess: true }));
