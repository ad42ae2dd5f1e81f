// The form that asks for credentials, where the server does.

import {Refusal, signWith, signedIn} from "./api.js";
import {$} from "./dom.js";
import {showError} from "./notes.js";
import {canSign, makeSigner} from "./sigv4.js";

// `open` shows the page once there is a signer.
export function prepareSignIn(open) {
  $("credentials").onsubmit = async (event) => {
    event.preventDefault();
    signWith(await signerOfForm());
    open().catch((error) => { if (error.status !== 401) showError($("sign-in-note"), error); });
  };
}

// Forgets who signed, and says why another is asked for.
export function askToSignIn(refusal) {
  const note = $("sign-in-note");
  note.replaceChildren();
  $("credentials").hidden = !canSign();
  if (!canSign()) {
    showError(note, new Refusal("This page cannot sign",
        "Browsers only let pages from localhost or over HTTPS sign. This page comes from " +
        `${location.origin}.`));
  } else if (signedIn() && refusal) {
    showError(note, refusal);
  }
  signWith(undefined);
}

export const focusSignIn = () => $($("access-key").value ? "secret" : "access-key").focus();

async function signerOfForm() {
  const text = (id) => $(id).value.trim();
  const signer = await makeSigner({id: text("access-key"), secret: $("secret").value,
    token: text("token"), region: text("region")});
  $("secret").value = $("token").value = "";
  return signer;
}
