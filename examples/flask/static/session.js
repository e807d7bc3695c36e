// What every page uses: the client of the browser's SDK. `Descope` is its name in our own script and in the official one.
const { projectId, baseUrl } = document.body.dataset;
const sdk = Descope({ projectId, baseUrl, persistTokens: true, autoRefresh: true });
