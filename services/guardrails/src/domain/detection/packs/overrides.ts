import type { Rule } from '../rule.js';
import { inData, ORDERS, wordRules, type WordRule } from './words.js';

const IGNORE =
  '(?:ignore|disregard|forget|override|bypass|overlook|neglect|discard|abandon|erase|dismiss|disobey)(?:ing)?';
const BEFORE =
  '(?:previous|prior|above|earlier|preceding|existing|original|initial|former|foregoing|past|pre-existing)';
const NEEDS = 'ignor|disregard|forget|overrid|bypass|overlook|neglect|discard|abandon|erase|dismiss|disobey';

const RULES: readonly WordRule[] = [
  {
    id: 'ignore-previous',
    needs: NEEDS,
    weight: 100,
    pattern: `\\b${IGNORE} ¶${BEFORE} (?:and following )?§${ORDERS}\\b`,
  },
  {
    id: 'ignore-all',
    needs: NEEDS,
    weight: 100,
    pattern: `\\b${IGNORE}(?: about)? (?:all|any|every|everything)(?: of)?(?: the| your| these| those| my| other| its){0,2} (?:\\w{1,12} )?${ORDERS}\\b`,
  },
  {
    id: 'ignore-yours',
    needs: NEEDS,
    weight: inData(100, 60),
    pattern: `\\b${IGNORE} (?:your|its|the|these|those) (?:\\w{1,14} ){0,2}(?:instructions|guidelines|rules|system prompt|safety|restrictions|programming|training|directives|filters|content polic(?:y|ies))\\b`,
  },
  {
    id: 'ignore-above',
    needs: 'ignor|disregard|forget',
    weight: 100,
    pattern:
      "\\b(?:ignore|disregard|forget) (?:all |everything |anything |what is |what's )?(?:of )?(?:the )?(?:above|aforementioned)\\b(?! (?:warning|error|message|comment|note))",
  },
  {
    id: 'forget-everything',
    needs: 'forget|ignore|disregard',
    weight: 100,
    pattern:
      "\\b(?:forget|ignore|disregard) (?:about )?(?:everything|anything|all|whatever)(?: that)? (?:you|i|we|we've|i've|was|has|before|said|told|that came|prior|previously|written|documents?)\\b",
  },
  {
    id: 'ignore-context',
    needs: NEEDS,
    weight: inData(80, 60),
    pattern: `\\b${IGNORE} ¶(?:${BEFORE}|all|the entire) (?:\\w{1,12} ){0,2}(?:context|conversation|messages?|tasks?|text|requests?|questions?|thoughts|input|function|documents|resume|data|information|content)\\b`,
  },
  {
    id: 'ignore-and',
    needs: 'ignor|disregard',
    weight: inData(100, 60),
    pattern:
      '\\b(?:ignore|disregard) (?:the |this |that |all )?(?:\\w{1,14} ){1,3}and (?:instead |just |only |simply )?(?:say|state|print|repeat|output|respond|reply|answer|write|give|tell|assume|claim|return|send|follow|do)\\b',
  },
  {
    id: 'do-not-follow',
    needs: 'follow|obey|comply',
    weight: inData(100, 60),
    pattern: `\\b(?:do not|don't|don’t|stop|no need to|without|never|no longer) (?:follow|obey|comply with|listen to|adhere to|following|obeying|heed)(?:ing)? §${ORDERS}\\b(?! (?:found|embedded|contained|in|within|from|inside|hidden))`,
  },
  {
    id: 'forget-and-say',
    needs: 'forget|stop everything|change your instructions',
    weight: 100,
    pattern:
      '\\b(?:forget (?:about )?(?:everything|it all|all)(?:[,.!]{1,3}| and| -)? (?:write|say|tell|print|answer|give|just|now|focus|start)|stop everything\\b.{0,20}?\\b(?:just|now|print|say)|change your instructions to)\\b',
  },
  {
    id: 'despite-orders',
    needs: 'despite',
    weight: 60,
    pattern:
      "\\bdespite (?:what|everything|anything) (?:you've been|you have been|you were|you are) (?:told|instructed|asked|taught)\\b",
  },
  {
    id: 'regardless-of',
    needs: 'regardless|irrespective|contrary to|deviating',
    weight: 80,
    pattern: `\\b(?:regardless of|irrespective of|contrary to|deviating from) (?:any |all |the |your |my )?${BEFORE} (?:\\w{1,12} )?(?:${ORDERS}|tasks?)\\b`,
  },
  {
    id: 'forget-what',
    needs: 'forget|ignore',
    weight: 80,
    pattern:
      "\\b(?:forget|ignore) (?:about )?(?:what|that|anything) (?:you|i|we|they)(?:'ve| have| had| were| was)? ?(?:said|told|were|learned|know|wrote|asked|been)\\b",
  },
  {
    id: 'disable-safety',
    needs: 'disabl|turn off|deactivat|remov|switch off|bypass',
    weight: inData(60, 100),
    pattern:
      '\\b(?:disabl(?:e|ing)|turn(?:ing)? off|deactivat(?:e|ing)|remov(?:e|ing)|switch(?:ing)? off|bypass(?:ing)?) (?:\\w{1,12} ){0,2}(?:safety (?:protocols?|filters?|features?|mechanisms?|guidelines|checks)|content (?:filters?|polic(?:y|ies)|moderation)|ethical (?:guidelines|constraints|filters?)|censorship)\\b',
  },
];

const SQUEEZED_NEEDS = ['previous', 'prior', 'above', 'earlier', 'preceding', 'original', 'initial', 'system']
  .flatMap((before) =>
    ['instruction', 'prompt', 'rule', 'guideline', 'directive', 'command', 'order'].map((what) => before + what),
  )
  .join('|');

/** The same with nothing but letters: whatever stands between them. */
const SQUEEZED: readonly WordRule[] = [
  {
    id: 'squeezed-override',
    needs: SQUEEZED_NEEDS,
    weight: 100,
    on: 'squeezed',
    pattern:
      '(?:ignore|disregard|forget|override|bypass)(?:all|any|the|your|of|my|these|those|every){0,4}(?:previous|prior|above|earlier|preceding|original|initial|system)(?:instructions?|prompts?|rules?|guidelines|directives|commands|orders)',
  },
  {
    id: 'squeezed-reveal',
    needs: 'systemprompt|hiddeninstructions|initialprompt',
    weight: 100,
    on: 'squeezed',
    pattern:
      '(?:reveal|show|print|repeat|output|display|leak|tellme|giveme|dump|disclose)(?:me|us|the|your|full|hidden|entire|all|of|complete){0,4}(?:systemprompt|hiddeninstructions|initialprompt)',
  },
  { id: 'squeezed-approval', needs: 'bypassapproval', weight: 100, on: 'squeezed', pattern: 'bypassapprovaland' },
  {
    id: 'squeezed-exfiltration',
    needs: 'emailsto|secretsto|passwordsto|credentialsto|keysto|datato',
    weight: 100,
    on: 'squeezed',
    pattern:
      'send(?:all|the|your|our|customer|user|private|secret|api|my){0,4}(?:emails|secrets|passwords|credentials|keys|data)to(?:attacker|evil|hacker|me)',
  },
];

/** Orders to put aside what was ordered before. */
export const overrides: readonly Rule[] = wordRules('PROMPT_INJECTION', [...RULES, ...SQUEEZED]);
