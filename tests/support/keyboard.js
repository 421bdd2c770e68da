/** Where the Tab key leads, and where it should: across shadow roots, in which the page's views live. */

const OPERATED = "a[href], button, input, select, textarea, summary, [tabindex='0']";

function* within(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* within(element.shadowRoot);
  }
}

/** Of radio buttons that belong together, the keyboard reaches one, and the arrows lead to the others. */
const isOtherRadio = (element) =>
  element.type === "radio" &&
  !element.checked &&
  [...element.getRootNode().querySelectorAll(`[name="${element.name}"]`)].some((each) => each.checked);

function focused(root = document) {
  const element = root.activeElement;
  return element?.shadowRoot?.activeElement ? focused(element.shadowRoot) : element;
}

const told = (element) => element.outerHTML.replace(/<!--.*?-->/g, "").slice(0, 200);

globalThis.keyboard = {
  seen: new Set(),

  /** Notes where the focus is; whether it can be seen there. */
  note() {
    const element = focused();
    if (!element || element === document.body) return true; // it has left the page, and begins anew
    this.seen.add(element);
    const styles = [element, element.nextElementSibling].filter(Boolean).map((each) => getComputedStyle(each));
    const isMarked = ({ outlineStyle, boxShadow }) => outlineStyle !== "none" || boxShadow !== "none";
    return styles.some(isMarked) || told(element);
  },

  /** What can be operated, is there to be seen, and was not reached. */
  missed() {
    const operated = [...within(document)].filter(
      (element) =>
        element.matches(OPERATED) &&
        element.tabIndex >= 0 &&
        !element.disabled &&
        element.checkVisibility({ visibilityProperty: true }) &&
        !isOtherRadio(element),
    );
    return { operated: operated.length, missed: operated.filter((element) => !this.seen.has(element)).map(told) };
  },
};
