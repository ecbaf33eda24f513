// openapi-backend as a proxy: it validates a request, then `forward` sends it on.
import http from 'node:http'
import { OpenAPIBackend } from 'openapi-backend'
import { contract, forward, listen } from './forward.mjs'

const proceed = (context, request, response) => forward(request, response, request.bytes)
const refuse = (status, describe) => (context, _request, response) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(describe(context)))
}
const api = new OpenAPIBackend({
  definition: contract,
  handlers: {
    createOrder: proceed,
    listOrders: proceed,
    getOrder: proceed,
    validationFail: refuse(400, context => ({ errors: context.validation.errors })),
    notFound: refuse(404, () => ({ message: 'not found' })),
    methodNotAllowed: refuse(405, () => ({ message: 'method not allowed' }))
  }
})
await api.init()

http.createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  request.bytes = Buffer.concat(chunks)
  const [path, query] = request.url.split('?')
  let body
  try {
    body = request.bytes.length > 0 ? JSON.parse(request.bytes.toString()) : undefined
  } catch (error) {
    return refuse(400, () => ({ message: error.message }))(undefined, request, response)
  }
  const { method, headers } = request
  await api.handleRequest({ method, path, query, headers, body }, request, response)
}).listen(listen, '127.0.0.1')
