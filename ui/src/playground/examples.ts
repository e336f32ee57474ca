// What a first visit finds: a tab for each file of queries/, in the order of their names.
const files = import.meta.glob<string>("./queries/*.graphql", { query: "?raw", import: "default", eager: true });

export const headers = `{\n  ${authorization()}\n}\n`;
export const tabs = Object.keys(files)
  .sort()
  .map((name) => ({ query: files[name]!, headers }));

/** The token that was given to the console in this browser tab, or where one would go. */
function authorization(): string {
  const token = stored(() => sessionStorage, "token");
  return token ? `"Authorization": ${JSON.stringify(`Bearer ${token}`)}` : '// "Authorization": "Bearer <API_TOKEN>"';
}

/** What the console keeps under a name; null where nothing is, or the browser keeps nothing. */
export function stored(storage: () => Storage, name: string): string | null {
  try {
    return storage().getItem(`kasparro.${name}`);
  } catch {
    return null;
  }
}
