// A TLS peer that knows the key exchange X25519MLKEM768 only: `client ADDRESS CA` asks for /items, and
// `server CERT KEY` answers one request after it has printed its port.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	config := &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}}
	switch os.Args[1] {
	case "client":
		client(os.Args[2], os.Args[3], config)
	case "server":
		server(os.Args[2], os.Args[3], config)
	}
}

func client(address, ca string, config *tls.Config) {
	pem, err := os.ReadFile(ca)
	check(err)
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AppendCertsFromPEM(pem)
	config.ServerName = "localhost"
	connection, err := tls.Dial("tcp", address, config)
	check(err)
	fmt.Fprintf(connection, "GET /items HTTP/1.1\r\nhost: localhost\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	check(err)
	fmt.Println(answer.Status)
}

func server(cert, key string, config *tls.Config) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	check(err)
	config.Certificates = []tls.Certificate{pair}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	check(err)
	fmt.Println(listener.Addr())
	connection, err := listener.Accept()
	check(err)
	_, err = http.ReadRequest(bufio.NewReader(connection))
	check(err)
	fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhybrid")
	connection.Close()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
