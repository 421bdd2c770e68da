/** What each view is made from. */

import { LitElement } from "../vendor/lit.js";
import { look } from "./look.js";

/** A view, or a part of one: the shared look, the part of the route that is its own, texts that follow the language. */
export class View extends LitElement {
  static styles = look;
  static properties = {
    /** What stands behind the view's name in the address: ["1042"] for #/turns/1042. */
    path: { attribute: false },
  };

  constructor() {
    super();
    this.path = [];
    this._retell = () => this.requestUpdate();
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("roomtone-language", this._retell);
  }

  disconnectedCallback() {
    removeEventListener("roomtone-language", this._retell);
    super.disconnectedCallback();
  }
}
