// An integration that has Sage's host built in: client.mjs fetch|undici|axios [OTHER].
const API = 'https://api.intacct.com/ia/api/v1/'
const [library, ...others] = process.argv.slice(2)

async function askByFetch (url, { form, bearer } = {}, more = {}) {
  const answer = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form && new URLSearchParams(form),
    headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    ...more
  })
  return { status: answer.status, body: await answer.text() }
}

const ask = {
  fetch: async () => askByFetch,
  undici: async () => { // what Node before 24 needs: its own fetch reads no HTTPS_PROXY
    const { EnvHttpProxyAgent, fetch } = await import('undici')
    const dispatcher = new EnvHttpProxyAgent()
    return (url, what = {}) => fetch(url, {
      method: what.form ? 'POST' : 'GET',
      body: what.form && new URLSearchParams(what.form),
      headers: what.bearer ? { authorization: `Bearer ${what.bearer}` } : {},
      dispatcher
    }).then(async answer => ({ status: answer.status, body: await answer.text() }))
  },
  axios: async () => {
    const { default: axios } = await import('axios')
    return async (url, { form, bearer } = {}) => {
      const answer = await axios({
        url,
        method: form ? 'post' : 'get',
        data: form && new URLSearchParams(form),
        headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
        responseType: 'text',
        transformResponse: text => text,
        validateStatus: () => true
      })
      return { status: answer.status, body: answer.data }
    }
  }
}

const send = await ask[library]()
const form = { grant_type: 'client_credentials', client_id: 'demo', client_secret: 'demo-secret', username: 'ws_user@acme' }
const token = await send(`${API}oauth2/token`, { form })
console.log('token', token.status)
if (token.status === 200) {
  const call = await send(`${API}objects/accounts-payable/vendor`, { bearer: JSON.parse(token.body).access_token })
  console.log('call', call.status)
}
for (const other of others) {
  await send(other).then(answer => console.log('other', answer.status),
    error => console.log('other', error.message, error.cause?.message ?? ''))
}
