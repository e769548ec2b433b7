// A participant of a live session, as a browser makes one. Put into a page of the mock, so that its calls go home.
class Participant {
  static #SESSION = "test_session_001";

  /** Joins, asks for video, opens a session with the SFU. */
  static async enter(user) {
    const participant = new Participant();
    const at = `/api/rtc/sessions/${Participant.#SESSION}`;
    const joined = await participant.#ask("POST", `${at}/join`, { user_id: user, participant_name: user });
    participant.token = joined.access_token;
    const video = await participant.#ask("POST", `${at}/video-token`, { access_token: joined.access_token });
    participant.token = video.video_token;
    participant.session = (await participant.#ask("POST", `${video.sfu_url}/sessions/new`)).sessionId;
    participant.base = `${video.sfu_url}/sessions/${participant.session}`;
    participant.peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    // What is not played is not decoded, and has no loudness.
    participant.peer.ontrack = ({ track }) => {
      const player = document.createElement(track.kind);
      player.srcObject = new MediaStream([track]);
      document.body.append(player);
      player.play();
    };
    return participant;
  }

  /** Publishes what the browser's fake devices bring, each track under its kind. */
  async publish(kinds) {
    const stream = await navigator.mediaDevices.getUserMedia(kinds);
    const sent = stream.getTracks().map((track) => this.peer.addTransceiver(track, { direction: "sendonly" }));
    await this.peer.setLocalDescription();
    const tracks = sent.map(({ mid, sender }) => ({ location: "local", mid, trackName: sender.track.kind }));
    const published = await this.#tracks({ sessionDescription: this.peer.localDescription, tracks });
    await this.peer.setRemoteDescription(published.sessionDescription);
    await this.#connected();
  }

  /** Subscribes to tracks of another participant: the SFU offers, the browser answers. */
  async subscribe(sessionId, names) {
    const tracks = names.map((trackName) => ({ location: "remote", sessionId, trackName }));
    const offered = await this.#tracks({ tracks });
    await this.peer.setRemoteDescription(offered.sessionDescription);
    await this.peer.setLocalDescription();
    await this.#ask("PUT", `${this.base}/renegotiate`, { sessionDescription: this.peer.localDescription });
    await this.#connected();
  }

  /** What came of a kind, once that is so many packets that are more than silence, or frames of a picture. */
  async received(kind, packets) {
    for (;;) {
      const reports = [...(await this.peer.getStats()).values()];
      const inbound = reports.find((report) => report.type === "inbound-rtp" && report.kind === kind);
      const isMedia = inbound?.totalAudioEnergy > 0 || inbound?.framesDecoded > 0;
      if (isMedia && inbound.packetsReceived >= packets) return inbound;
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** The tracks of its session, as the SFU sees them. */
  async tracks() {
    return (await this.#ask("GET", this.base)).tracks;
  }

  async #connected() {
    while (this.peer.connectionState !== "connected") {
      if (this.peer.connectionState === "failed") throw new Error("there is no path to the SFU");
      await new Promise((next) => this.peer.addEventListener("connectionstatechange", next, { once: true }));
    }
  }

  async #tracks(input) {
    const output = await this.#ask("POST", `${this.base}/tracks/new`, input);
    const failed = output.tracks.find((track) => track.errorCode);
    if (failed) throw new Error(JSON.stringify(failed));
    return output;
  }

  async #ask(method, path, input) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(path, { method, headers, body: JSON.stringify(input) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
