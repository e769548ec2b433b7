// What k6 does in the closed loop: one address, as fast as it answers.
import http from 'k6/http';

export default function () {
  http.get(__ENV.ADDRESS);
}

export function handleSummary(data) {
  return { stdout: JSON.stringify({ http_reqs: { count: data.metrics.http_reqs.values.count } }) };
}
