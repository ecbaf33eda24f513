//! Small pairs of revisions: the kinds of changes of real contracts, with many edits in one schema.

/// Each pair with its name, the old and the new document.
pub(super) const SMALL_PAIRS: &[(&str, &str, &str)] = &[
    (
        "many properties removed from a closed object",
        CLOSED_OLD,
        CLOSED_NEW,
    ),
    ("readOnly lifted and writeOnly set", ACCESS_OLD, ACCESS_NEW),
    ("a shared schema in many places", SHARED_OLD, SHARED_NEW),
    ("alternatives", ALTERNATIVES_OLD, ALTERNATIVES_NEW),
    ("a literal path beside a template", PATHS_OLD, PATHS_NEW),
    ("parameters", PARAMETERS_OLD, PARAMETERS_NEW),
    ("forms and media types", FORMS_OLD, FORMS_NEW),
    ("compositions", COMPOSED_OLD, COMPOSED_NEW),
    (
        "a property removed where the object is closed",
        JOINT_OLD,
        JOINT_NEW,
    ),
    ("alternatives beside null", NULLABLE_OLD, NULLABLE_NEW),
];

const CLOSED_OLD: &str = r##"
openapi: 3.0.3
info: {title: closed, version: '1'}
paths:
  /orders:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [id]
              properties:
                id: {type: string}
                p01: {type: string}
                p02: {type: integer}
                p03: {type: boolean}
                p04: {type: string, maxLength: 10}
                p05: {type: string, nullable: true}
                p06: {type: array, items: {type: string}}
                p07: {type: string, enum: [a, b]}
                p08: {type: number}
                p09: {type: string}
                p10: {type: object, properties: {x: {type: string}}}
                p11: {type: string}
                p12: {type: string}
                kept: {type: string, maxLength: 12}
      responses: {'200': {description: ok}}
"##;

const CLOSED_NEW: &str = r##"
openapi: 3.0.3
info: {title: closed, version: '2'}
paths:
  /orders:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [id]
              properties:
                id: {type: string}
                kept: {type: string, maxLength: 11}
      responses: {'200': {description: ok}}
"##;

const ACCESS_OLD: &str = r##"
openapi: 3.0.3
info: {title: access, version: '1'}
paths:
  /notes:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
components:
  schemas:
    Note:
      type: object
      required: [code, secret]
      properties:
        code: {type: string, readOnly: true}
        secret: {type: string}
        text: {type: string}
"##;

const ACCESS_NEW: &str = r##"
openapi: 3.0.3
info: {title: access, version: '2'}
paths:
  /notes:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
components:
  schemas:
    Note:
      type: object
      required: [code, secret]
      properties:
        code: {type: string}
        secret: {type: string, writeOnly: true}
        text: {type: string}
"##;

const SHARED_OLD: &str = r##"
openapi: 3.1.0
info: {title: shared, version: '1'}
paths:
  /bills:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Bill'}}}
    post:
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Bill'}}}
      responses: {'204': {description: done}}
  /bills/{id}/price:
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Money'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Money'}}}
components:
  schemas:
    Money:
      type: object
      required: [amount]
      properties:
        amount: {type: number, minimum: 0}
        unit: {type: string, maxLength: 3}
        kind: {enum: [net, gross]}
    Bill:
      type: object
      properties:
        price: {$ref: '#/components/schemas/Money'}
        fees: {type: object, additionalProperties: {$ref: '#/components/schemas/Money'}}
        lines: {type: array, items: {$ref: '#/components/schemas/Money'}}
"##;

const SHARED_NEW: &str = r##"
openapi: 3.1.0
info: {title: shared, version: '2'}
paths:
  /bills:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Bill'}}}
    post:
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Bill'}}}
      responses: {'204': {description: done}}
  /bills/{id}/price:
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Money'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Money'}}}
components:
  schemas:
    Money:
      type: object
      properties:
        amount: {type: number, minimum: 1}
        unit: {type: string}
        kind: {enum: [net, total]}
    Bill:
      type: object
      properties:
        price: {$ref: '#/components/schemas/Money'}
        fees: {type: object, additionalProperties: {$ref: '#/components/schemas/Money'}}
        lines: {type: array, items: {$ref: '#/components/schemas/Money'}}
"##;

const ALTERNATIVES_OLD: &str = r##"
openapi: 3.1.0
info: {title: alternatives, version: '1'}
paths:
  /rides:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              oneOf:
                - {$ref: '#/components/schemas/Car'}
                - {$ref: '#/components/schemas/Bus'}
                - type: object
                  required: [kind]
                  properties: {kind: {const: tram}, line: {type: integer}}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                anyOf: [{$ref: '#/components/schemas/Car'}, {type: 'null'}]
components:
  schemas:
    Car:
      type: object
      required: [kind]
      properties: {kind: {const: car}, seats: {type: integer}, name: {type: string, maxLength: 9}}
    Bus:
      type: object
      required: [kind]
      properties: {kind: {const: bus}, seats: {type: integer}, name: {type: string, maxLength: 9}}
"##;

const ALTERNATIVES_NEW: &str = r##"
openapi: 3.1.0
info: {title: alternatives, version: '2'}
paths:
  /rides:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              oneOf:
                - {$ref: '#/components/schemas/Car'}
                - {$ref: '#/components/schemas/Bus'}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                anyOf: [{$ref: '#/components/schemas/Car'}, {type: 'null'}, {type: string}]
components:
  schemas:
    Car:
      type: object
      required: [kind]
      properties: {kind: {const: car}, seats: {type: integer, minimum: 1}, name: {type: string, maxLength: 8}}
    Bus:
      type: object
      required: [kind, seats]
      properties: {kind: {const: bus}, seats: {type: integer}, name: {type: string, maxLength: 8}}
"##;

const PATHS_OLD: &str = r##"
openapi: 3.0.3
info: {title: paths, version: '1'}
paths:
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, enum: [latest, a, b]}}]
    get:
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {n: {type: integer}}}}}}}
    delete:
      responses: {'204': {description: ok}}
"##;

const PATHS_NEW: &str = r##"
openapi: 3.0.3
info: {title: paths, version: '2'}
paths:
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, enum: [latest, a, b]}}]
    get:
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {n: {type: integer}}}}}}}
    delete:
      responses: {'204': {description: ok}}
  /jobs/latest:
    get:
      parameters: [{name: zone, in: query, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {n: {type: integer}}}}}}}
"##;

const PARAMETERS_OLD: &str = r##"
openapi: 3.0.3
info: {title: parameters, version: '1'}
paths:
  /things/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer, minimum: 0, maximum: 100}}
        - {name: sort, in: query, schema: {type: array, items: {type: string, enum: [a, b, c]}}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object, properties: {name: {type: string}, age: {type: integer}}}}
        - {name: x-trace, in: header, schema: {type: string}}
        - {name: gone, in: query, schema: {type: string}}
      responses:
        '200':
          description: ok
          headers: {x-rate: {required: true, schema: {type: integer}}}
"##;

const PARAMETERS_NEW: &str = r##"
openapi: 3.0.3
info: {title: parameters, version: '2'}
paths:
  /things/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, maxLength: 20}}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: sort, in: query, schema: {type: array, items: {type: string, enum: [a, b]}, maxItems: 1}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object, properties: {name: {type: string, maxLength: 3}, age: {type: integer, minimum: 18}}}}
        - {name: x-trace, in: header, required: true, schema: {type: string}}
      responses:
        '200':
          description: ok
          headers: {x-rate: {schema: {type: integer}}}
        '202': {description: later}
"##;

const FORMS_OLD: &str = r##"
openapi: 3.1.0
info: {title: forms, version: '1'}
paths:
  /forms:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties:
                name: {type: string}
                age: {type: [integer, 'null']}
                tags: {type: array, items: {type: string}}
                mode: {type: string, enum: [a, b]}
          application/json:
            schema: {type: [object, 'null'], properties: {name: {type: string}}}
          text/plain: {schema: {type: string}}
      responses:
        '200':
          description: ok
          content:
            text/plain: {schema: {type: string, maxLength: 5}}
            application/json: {schema: {type: array, items: {type: integer}, maxItems: 3}}
        4XX: {description: bad, content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: integer}}}}}}
"##;

const FORMS_NEW: &str = r##"
openapi: 3.1.0
info: {title: forms, version: '2'}
paths:
  /forms:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              properties:
                name: {type: string, maxLength: 4}
                age: {type: integer}
                tags: {type: array, items: {type: string, pattern: '^[a-z]*$'}, maxItems: 2}
                mode: {type: string, enum: [a]}
          application/json:
            schema: {type: object, properties: {name: {type: string}}, required: [name]}
      responses:
        '200':
          description: ok
          content:
            text/plain: {schema: {type: string, maxLength: 6}}
            application/json: {schema: {type: array, items: {type: number}}}
        '404': {description: gone, content: {application/json: {schema: {type: object, properties: {code: {type: integer}}}}}}
        4XX: {description: bad, content: {application/json: {schema: {type: object, properties: {code: {type: [integer, string]}}}}}}
"##;

const COMPOSED_OLD: &str = r##"
openapi: 3.1.0
info: {title: composed, version: '1'}
paths:
  /nodes:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}
components:
  schemas:
    Base:
      type: object
      required: [id]
      properties: {id: {type: string}, note: {type: string}}
    Node:
      allOf:
        - {$ref: '#/components/schemas/Base'}
        - type: object
          properties:
            children: {type: array, items: {$ref: '#/components/schemas/Node'}}
            size: {type: integer}
            pair: {type: array, prefixItems: [{type: string}, {type: integer}]}
            map: {type: object, additionalProperties: {type: string}}
            flag: {type: boolean}
"##;

const COMPOSED_NEW: &str = r##"
openapi: 3.1.0
info: {title: composed, version: '2'}
paths:
  /nodes:
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}
components:
  schemas:
    Base:
      type: object
      required: [id]
      properties: {id: {type: string, minLength: 1}, note: {type: [string, 'null']}}
    Node:
      allOf:
        - {$ref: '#/components/schemas/Base'}
        - type: object
          if: {required: [flag]}
          then: {required: [size]}
          properties:
            children: {type: array, items: {$ref: '#/components/schemas/Node'}, maxItems: 1}
            size: {type: integer, not: {const: 7}}
            pair: {type: array, prefixItems: [{type: string}, {type: string}]}
            map: {type: object, additionalProperties: {type: string, maxLength: 3}}
            flag: {type: boolean}
"##;

const JOINT_OLD: &str = r##"
openapi: 3.1.0
info: {title: joint, version: '1'}
paths:
  /shops:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                subs:
                  type: array
                  items: {properties: {inner: {type: object}}}
      responses: {'204': {description: done}}
"##;

const JOINT_NEW: &str = r##"
openapi: 3.1.0
info: {title: joint, version: '2'}
paths:
  /shops:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                subs:
                  type: array
                  items: {type: object, additionalProperties: false, properties: {name: {type: string}}}
      responses: {'204': {description: done}}
"##;

const NULLABLE_OLD: &str = r##"
openapi: 3.1.0
info: {title: nullable, version: '1'}
paths:
  /jobs:
    post:
      requestBody:
        content: {application/json: {schema: &job {$ref: '#/components/schemas/Job'}}}
      responses: {'200': {description: ok, content: {application/json: {schema: *job}}}}
components:
  schemas:
    Job:
      type: object
      properties:
        handler: {oneOf: [{type: 'null'}, {$ref: '#/components/schemas/Handler'}]}
        state: {anyOf: [{$ref: '#/components/schemas/State'}, {type: 'null'}]}
    Handler: {type: integer, oneOf: [{const: 1}, {const: 2}, {const: 3}]}
    State: {anyOf: [{const: on}, {const: off}]}
"##;

const NULLABLE_NEW: &str = r##"
openapi: 3.1.0
info: {title: nullable, version: '2'}
paths:
  /jobs:
    post:
      requestBody:
        content: {application/json: {schema: &job {$ref: '#/components/schemas/Job'}}}
      responses: {'200': {description: ok, content: {application/json: {schema: *job}}}}
components:
  schemas:
    Job:
      type: object
      properties:
        handler: {oneOf: [{type: 'null'}, {$ref: '#/components/schemas/Handler'}]}
        state: {anyOf: [{$ref: '#/components/schemas/State'}, {type: 'null'}]}
    Handler: {type: integer, oneOf: [{const: 1}, {const: 4}]}
    State: {anyOf: [{const: on}, {type: integer}, {const: idle}]}
"##;
