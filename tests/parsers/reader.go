// Reads multipart bodies with Go's standard library. The argument is a file with one JSON object in
// each line (`content_type`, and `body` in base64). Prints one line for each: a JSON list of
// `[name, data]` in base64, or null if the library refuses the body.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

type message struct {
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

func read(in message) [][2][]byte {
	request, err := http.NewRequest("POST", "http://localhost/", bytes.NewReader(in.Body))
	if err != nil {
		return nil
	}
	request.Header.Set("Content-Type", in.ContentType)
	if err := request.ParseMultipartForm(1 << 20); err != nil {
		return nil
	}
	parts := [][2][]byte{}
	for name, values := range request.MultipartForm.Value {
		for _, value := range values {
			parts = append(parts, [2][]byte{[]byte(name), []byte(value)})
		}
	}
	for name, files := range request.MultipartForm.File {
		for _, file := range files {
			opened, err := file.Open()
			if err != nil {
				return nil
			}
			data, err := io.ReadAll(opened)
			if err != nil {
				return nil
			}
			parts = append(parts, [2][]byte{[]byte(name), data})
		}
	}
	return parts
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var in message
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			panic(err)
		}
		out, err := json.Marshal(read(in))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(out))
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
