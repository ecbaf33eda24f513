//! What HTTP asks of each hop: `Via` and loops, `Max-Forwards`, and answers that come early.

use crate::support::app::{App, SHOP, Site, admin, get, problem, until};
use crate::support::upstream::{AnswerAt, Step, Upstream, send};

fn with_via(via: &str) -> String {
    format!("GET /files/x HTTP/1.1\r\nhost: shop\r\nvia: {via}\r\n\r\n")
}

/// The `Via` of a request that is forwarded.
fn forwarded_via(app: &App, upstream: &Upstream, request: &str) -> Vec<String> {
    assert_eq!(app.ask(request).status, 200, "{request}");
    let forwarded = upstream.request();
    let fields = forwarded.fields("via").into_iter();
    fields.map(str::to_owned).collect()
}

#[test]
fn a_request_that_comes_back_is_a_loop() {
    let upstream = Upstream::ok();
    let start = || {
        App::start(Site::shop(
            upstream.address,
            "",
            "[listen]\naddress = \"127.0.0.1:0\"\nvia = \"gate\"",
        ))
    };
    let (first, second) = (start(), start());
    let via = forwarded_via(&first, &upstream, &with_via("1.0 front"));
    let [front, own] = via.as_slice() else {
        panic!("{via:?}");
    };
    assert_eq!(front, "1.0 front");
    assert!(own.starts_with("1.1 gate-"), "{own}");
    // Another process with the same configuration is another hop.
    let via = forwarded_via(&second, &upstream, &with_via(own));
    assert_eq!(via.len(), 2, "{via:?}");
    assert_ne!(via[0], via[1]);
    let answer = first.ask(with_via(&via.join(", ")));
    let problem = problem(&answer);
    assert_eq!(answer.status, 508, "{problem}");
    assert_eq!(problem["error"], "LOOP_DETECTED");
    assert_eq!(problem["service"], "shop");
    assert!(upstream.requests.try_recv().is_err());
}

/// The upstream of a service may be another service of the same process.
#[test]
fn services_of_one_process_follow_each_other() {
    let upstream = Upstream::ok();
    let target = format!("http://{}", upstream.address);
    let site = Site::new("")
        .service("front", SHOP, &target, "hosts = [\"front\"]")
        .service("back", SHOP, &target, "hosts = [\"back\"]");
    let app = App::start(site);
    let request = |host: &str, via: &[String]| {
        let request = with_via(&via.join(", "));
        request.replace("host: shop", &format!("host: {host}"))
    };
    let front = forwarded_via(&app, &upstream, &request("front", &[]));
    let both = forwarded_via(&app, &upstream, &request("back", &front));
    let [first, second] = both.as_slice() else {
        panic!("{both:?}");
    };
    assert_ne!(first, second);
    for host in ["front", "back"] {
        assert_eq!(app.ask(request(host, &both)).status, 508, "{host}");
    }
}

#[test]
fn a_service_can_go_without_via() {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(upstream.address, "via = false", ""));
    assert_eq!(forwarded_via(&app, &upstream, &get("/files/x")), [""; 0]);
}

/// The answer is ours, so the contract does not judge it.
#[test]
fn the_last_hop_answers_itself() {
    let upstream = Upstream::ok();
    let contract = SHOP.replacen(
        "  /items/{id}:",
        "  /last:\n    options:\n      responses:\n        '299': { description: Never. }\n  /items/{id}:",
        1,
    );
    let keys = "[services.enforcement]\nresponse = \"reject\"\n";
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("shop", &contract, &address, keys));
    let ask = |left: u32| {
        app.ask(format!(
            "OPTIONS /last HTTP/1.1\r\nhost: shop\r\nmax-forwards: {left}\r\n\r\n"
        ))
    };
    let answer = ask(0);
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (200, Some("MAX_FORWARDS"))
    );
    assert!(upstream.requests.try_recv().is_err());
    assert_eq!(ask(5).status, 502, "the upstream's status is not declared");
    assert_eq!(upstream.request().fields("max-forwards"), ["4"]);
}

/// An upstream that refuses an upload before it has read it has answered.
#[test]
fn an_early_answer_to_an_upload_is_no_failure() {
    let upstream = Upstream::start_at(AnswerAt::Head, |_| {
        vec![
            send("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno"),
            Step::Close,
        ]
    });
    let keys = "[services.breaker]\ncalls_min = 1\n";
    let app = App::start(Site::shop(upstream.address, keys, ""));
    let piece = vec![b'x'; 256 * 1024];
    for _ in 0..10 {
        let mut client = app.client();
        client.send(
            "PUT /files/x HTTP/1.1\r\nhost: shop\r\ncontent-type: application/octet-stream\r\n\
             content-length: 4194304\r\n\r\n",
        );
        for _ in 0..16 {
            client.send(&piece);
        }
        let answer = client.answer();
        assert_eq!((answer.status, answer.body), (413, b"no".to_vec()));
    }
    let metrics = || admin(app.admin, "/metrics").1;
    until(|| metrics().contains("outcome=\"answered\"} 10\n"));
    let has_failed = |line: &str| line.contains("\"unanswered\"") && !line.ends_with(" 0");
    assert!(!metrics().lines().any(has_failed));
}
