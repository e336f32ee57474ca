// The audits of GraphQL over HTTP.
import { auditServer } from 'graphql-http';

const [http] = process.argv.slice(2);
const results = await auditServer({ url: http });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
