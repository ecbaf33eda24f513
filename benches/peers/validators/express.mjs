// express-openapi-validator as a proxy: the middleware of its documentation, then `forward`.
import express from 'express'
import * as OpenApiValidator from 'express-openapi-validator'
import { contract, forward, listen } from './forward.mjs'

const app = express()
app.use(express.json({ limit: '64mb', verify: (request, _, bytes) => { request.bytes = bytes } }))
app.use(OpenApiValidator.middleware({
  apiSpec: contract,
  validateRequests: true,
  validateResponses: false
}))
app.use((request, response) => forward(request, response, request.bytes))
app.use((error, _request, response, _next) => {
  response.status(error.status ?? 500).json({ message: error.message, errors: error.errors })
})
app.listen(listen, '127.0.0.1')
