/** One turn in words: what the person said, what was done about it, what the house answered. */

import { html, nothing } from "../../vendor/lit.js";
import { icon } from "../../lib/elements.js";
import { hasText, t } from "../../lib/i18n.js";

const TOLD = ["interrupted", "lost"]; // outcomes that the words do not tell

/**
 * @param {import("../../lib/voice/conversation.js").Exchange} each
 * @param {Map<string, string>} names of entities, by id
 */
export const exchange = (each, names) => html`
  <li>
    ${each.said || !each.isFinal ? said(each) : nothing}
    ${each.deeds.length ? html`<ul class="deeds">${each.deeds.map((deed) => done(deed, names))}</ul>` : nothing}
    ${each.reply ? html`<p class="reply" dir="auto">${each.reply}</p>` : nothing}
    ${each.trouble ? html`<p class="reply bad">${each.trouble}</p>` : nothing}
    ${isTold(each) ? html`<p class="outcome">${t(`talk.outcome_${each.outcome}`)}</p>` : nothing}
  </li>`;

const isTold = ({ outcome, reply }) => TOLD.includes(outcome) || (outcome === "not-understood" && !reply);

function said({ said: words, isFinal, turn, reply }) {
  const isOfHouse = turn !== null && turn % 2 === 0 && !words; // an announcement, a timer
  if (isOfHouse && reply) return nothing;
  return html`<p class="words ${isFinal ? "" : "growing"}" dir="auto">${words || "…"}</p>`;
}

function done({ entity, service }, names) {
  const name = names.get(entity) ?? entity;
  const key = `talk.did_${service.split(".").pop()}`;
  return html`<li class="chip on">${icon("check")}${hasText(key) ? t(key, { name }) : name}</li>`;
}
