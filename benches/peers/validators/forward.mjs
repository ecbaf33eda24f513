// Forwards a request that was validated, with the bytes that arrived.
import http from 'node:http'

const agent = new http.Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 })

export const listen = Number(process.env.LISTEN)
export const contract = process.env.CONTRACT

export function forward (request, response, body) {
  const options = {
    agent,
    host: '127.0.0.1',
    port: Number(process.env.UPSTREAM),
    method: request.method,
    path: request.originalUrl ?? request.url,
    headers: request.headers
  }
  const outgoing = http.request(options, incoming => {
    response.writeHead(incoming.statusCode, incoming.headers)
    incoming.pipe(response)
  })
  outgoing.on('error', error => {
    response.writeHead(502, { 'content-type': 'text/plain' })
    response.end(error.message)
  })
  outgoing.end(body)
}
