// For a page in a browser that is somebody else's. Its requests are stopped one by one there; what is no request of the
// page itself is closed before anything of it runs: sockets fail, what few browsers have is not there, no window opens.
(() => {
  "use strict";
  class Refused extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;
    readyState = 3;
    bufferedAmount = 0;
    extensions = "";
    protocol = "";
    binaryType = "blob";
    constructor(url) {
      super();
      this.url = String(url);
      setTimeout(() => {
        for (const event of [new Event("error"), new CloseEvent("close", { code: 1006 })]) {
          this.dispatchEvent(event);
          const heard = this[`on${event.type}`];
          if (typeof heard === "function") heard.call(this, event);
        }
      });
    }
    send() {}
    close() {}
  }
  window.WebSocket = Refused;
  for (const name of ["SharedWorker", "WebSocketStream", "WebTransport", "RTCPeerConnection", "webkitRTCPeerConnection"]) {
    delete window[name];
  }
  window.open = () => null;
})();
