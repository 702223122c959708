// What stands in for the providers' own scripts, so that the page needs no camera
// and no foreign host: iProov's element and BioID's capture script. To the page they
// look as the vendors' do; behind them is a frame of the simulator with buttons.

// frame shows the simulator's capture page and calls told for what the person does.
function frame(simulator, given, told) {
  const shown = document.createElement("iframe");
  shown.title = "Simulated capture";
  shown.allow = "camera";
  shown.setAttribute("sandbox", "allow-scripts allow-same-origin");
  shown.src = `${simulator}/_sim/capture#${new URLSearchParams(given)}`;
  const listen = (event) => {
    if (event.source === shown.contentWindow && event.origin === simulator && event.data?.type === "simulator:capture") {
      told(event.data);
    }
  };
  window.addEventListener("message", listen);
  return { shown, stop: () => window.removeEventListener("message", listen) };
}

// IProovMe is <iproov-me token="…" base_url="…">, which raises iProov's events.
export class IProovMe extends HTMLElement {
  #frame;

  connectedCallback() {
    const token = this.getAttribute("token");
    this.#frame = frame(new URL(this.getAttribute("base_url")).origin, { provider: "iproov", token }, (said) => this.#told(token, said));
    this.replaceChildren(this.#frame.shown);
  }

  disconnectedCallback() {
    this.#frame?.stop();
  }

  #told(token, said) {
    const raise = (name, more) => this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { token, type: "verify", ...more } }));
    switch (said.result) {
      case "ready":
        return raise("ready");
      case "complete":
        raise("streamed");
        return raise("passed", { passed: true });
      case "fail":
        raise("streamed");
        return raise("failed", { passed: false, feedback: said.reason, reason: said.reason });
      case "walk_away":
        return raise("canceled", { feedback: "user_cancelled" });
      default:
        return raise("error", { feedback: said.reason || "error_token_invalid" });
    }
  }
}

// openBWSCapture plays BioID's capture script: it uploads samples, has the task
// performed if the browser is to, and calls status and done as the script does.
export function openBWSCapture({ base_url: baseURL, token, recordings, performed_by: performedBy }, { status, done }) {
  const perform = performedBy === "browser";
  const given = { provider: "bioid", token, samples: recordings, perform };
  const opened = frame(new URL(baseURL).origin, given, (said) => {
    if (said.result === "walk_away" || said.result === "ready") {
      return;
    }
    if (said.result === "error") {
      done("TokenExpired");
      return;
    }
    for (let i = 0; i < said.uploaded; i++) {
      status("Uploading");
      status("Uploaded");
    }
    if (!perform) {
      done();
      return;
    }
    status("Performing");
    const passed = said.performed?.Success;
    done(passed ? undefined : said.performed?.Error || "LiveDetectionFailed", !passed);
  });
  return opened.shown;
}
