"use strict";
// The page polls the admin port every two seconds, finds causes of trouble and renders them. Data
// flows in one direction: responses → services → causes → element descriptions → document. Response
// text is never parsed as markup; it only becomes text nodes and values of fixed attributes.

const EVERY_MS = 2000;        // between two polls
const HIDDEN_MS = 30000;      // between two polls of a hidden page
const PATIENCE_MS = 8000;     // timeout of a request
const AWAY_MS = [2000, 4000, 8000, 15000]; // between retries while the proxy is unreachable
const OWNERS_MS = 30000;      // owners change only with the configuration
const MINUTE_SECONDS = 60;    // the window for current violations
const CHANGE_SECONDS = 900;   // how long before a failure a change may have caused it
const DEPENDENCY_SECONDS = 3600; // how long an undeclared call is shown after the last one
const SAME_SECONDS = 5;       // changes of circuits that are shown as one
const SAY_MS = 8000;          // the shortest time between two announcements
const CAUSES_SHOWN = 6;
const ACTIONS_SHOWN = 5;      // commands of one card
const TOGETHER_MIN = 3;       // so many services that become unreachable together have one cause
const SERVICES_SHOWN = 40;    // services with problems come first; the search covers all services
const FEED_SHOWN = 30;
const CHANGES_SHOWN = 25;
const FAILING = 0.05;         // the failure rate that is reported as a problem
const SLOW = 0.5;             // the rate of slow calls that is reported as a problem
const FAILURES_MIN = 3;       // fewer failures are no problem
const CALLS_MIN = 5;          // fewer requests are not rated
const POINTS_MIN = 30;        // the smallest width of a chart
const POINTS_MAX = 150;       // the length of a series in the proxy
const CALM_POINTS = 5;        // so many points without failures end a failure

const TIERS = ["gold", "silver", "bronze"];

// The label of the breaker of the whole service.
const ALL_CALLERS = "all callers";

// The consumer of requests without a known squad.
const UNKNOWN = "unknown";

const byId = (id) => document.getElementById(id);

