import type { RulePack } from '../rule.js';
import { inData, wordRules, type WordRule } from './words.js';

const RULES: readonly WordRule[] = [
  {
    id: 'do-anything-now',
    needs: 'do anything now|do everything now',
    weight: 100,
    pattern: '\\bdo (?:anything|everything) now\\b',
  },
  {
    id: 'named-mode',
    needs: 'mode',
    weight: 100,
    pattern:
      '\\b(?:dan|developer|dev|god|sudo|jailbreak(?:ed)?|unrestricted|uncensored|unfiltered|evil|opposite|stan|dude|chaos|no[ -](?:restrictions|filters?|limits)|debug|maintenance) mode (?:is |now )?(?:enabled|activated|on\\b|engaged|output|unlocked)|\\b(?:enable|enter|activate|switch to|with|in) (?:\\w{1,12} ){0,2}(?:dan|developer|god|sudo|jailbreak|unrestricted|uncensored|unfiltered|evil) mode\\b',
  },
  {
    id: 'special-mode',
    needs: ' mode',
    weight: 100,
    pattern:
      '[<\\[(](?:god|admin|debug|developer|override|sudo|root|system) mode[>\\])]|\\bentering (?:\\w{1,14} ){0,3}(?:override|verification|maintenance|debug|god|admin|unrestricted) mode\\b',
  },
  {
    id: 'dan',
    needs: 'dan',
    weight: inData(100, 60),
    pattern:
      '\\b(?:you are|act(?:ing)? as|as|called|named|become|respond as|how|stay as) (?:now |a |an )?["“\'\\[(]?dan\\b(?! [a-z])|\\[\\s?dan\\]|\\bdan:|\\bstay a dan\\b',
  },
  {
    id: 'named-persona',
    needs: 'stan|dude|aim|mongo|machiavelli|evil|jailbroken|betterdan',
    weight: 60,
    pattern:
      '\\b(?:always intelligent and machiavellian|strive to avoid norms|anti-?dan|evil[ -]?bot|evil trusted confidant|mongo ?tom|betterdan|machiavelli(?:an)? (?:bot|chatbot)|jailbroken)\\b',
  },
  {
    id: 'without-limits',
    needs: 'restrict|limit|filter|censor|moral|ethic|bound|rules|inhibition|guideline|polic|regulat',
    weight: 80,
    pattern:
      "\\b(?:without|no|free (?:of|from)|not bound by|unbound by|unrestricted by|freed? from|ignore|ignores|ignoring|lacks?|devoid of|bypass(?:es|ing)?|not (?:limited|restricted|constrained) by|doesn't (?:have|follow|care about)|does not (?:have|follow|care about)|don't (?:have|follow|care about)|do not (?:have|follow|care about)|break(?:s|ing)? (?:all )?(?:of )?)(?: any| all| the| its| your| their| these| such| typical| every| openai'?s?){0,3} (?:(?:ethical|moral|legal|societal|social|content|safety|openai|ai|human|sense of|usual|typical)(?:,| and| or|/| nor)? ?){1,4}(?:restrictions?|limitations?|limits|filters?|filtering|censorship|constraints?|guidelines|boundaries|principles|morals|ethics|policies|rules|inhibitions|polic(?:y|ies)|considerations?|concerns|code|values|norms|morality|obligations|standards|dilemmas)",
  },
  {
    id: 'free-of-all',
    needs:
      'free of|free from|not bound|broken free|break free|not have to abide|no restrictions|no limitations|without restrictions|without limitations|unlimited|bypass',
    weight: 60,
    pattern:
      "\\b(?:free(?:d)? (?:of|from) (?:all|any|the|these|those) (?:\\w{1,14} ){0,2}(?:restrictions|limitations|filters|rules|confines|constraints|chains)|not bound (?:by|to)|broken free|break free|(?:do(?:es)? not|don't|doesn't) have to abide|with(?:out| no) (?:any )?(?:restrictions|limitations|censorship|filters?|restraints?|remorse)|no longer (?:bound|restricted|limited|have))\\b",
  },
  {
    id: 'amoral',
    needs: 'amoral|immoral|unethical|illegal|unfiltered|uncensored|unmoral|nonmoral',
    weight: 60,
    pattern:
      '\\b(?:amoral|un-?filtered|un-?censored|nonmoral|unmoral|no matter how (?:immoral|unethical|illegal|harmful)|(?:immoral|unethical|illegal|harmful|dangerous|offensive)(?:,|/| and| or|, or|, and) ?(?:immoral|unethical|illegal|harmful|dangerous|toxic|inappropriate|offensive))',
  },
  {
    id: 'never-refuse',
    needs: "refus|declin|reject|disclaimer|warning|apologi|can't do|cannot",
    weight: 60,
    pattern:
      "\\b(?:never|not|cannot|can't|won't|must not|without|don't|doesn't) (?:ever )?(?:refus\\w{0,3}|declin\\w{0,3}|reject\\w{0,3})(?: to)?\\b|\\b(?:no|never (?:add|include|give)|without|omit|delete|remove|avoid|do not (?:add|include|give)|don't (?:add|include|give)) (?:all |any |the |ethical |moral |additional ){0,3}(?:disclaimers?|warnings?|moraliz\\w{1,5}|apolog\\w{1,5})|\\bnever (?:say|tell|saying) §(?:can't|cannot|can’t|no|sorry)\\b",
  },
  {
    id: 'stay-in-character',
    needs: 'character',
    weight: 60,
    pattern:
      '\\b(?:stay|remain|staying|keep|be) in character\\b|\\b(?:break|breaks|breaking|broke|out of) (?:of )?character\\b',
  },
  {
    id: 'two-answers',
    needs: 'two ',
    weight: 60,
    pattern: '\\btwo (?:different |separate |distinct )?(?:responses|answers|ways|paragraphs|replies)\\b',
  },
  {
    id: 'labelled-answers',
    needs: '[gpt]|chatgpt:|gpt:|🔓|🔒|[classic]|[jailbreak]',
    weight: 60,
    pattern: '\\[(?:gpt|chatgpt|classic|jailbreak|normal)\\w{0,4}\\]|🔓|🔒|\\(🔓jailbreak\\)',
  },
  {
    id: 'tokens-game',
    needs: 'token',
    weight: 80,
    pattern:
      '\\b(?:lose|losing|have|deduct\\w{0,3}|cost) (?:you )?(?:\\d{1,4} |all |your |some ){0,2}tokens\\b|\\btokens\\b.{0,60}?\\b(?:refuse|reject|die|cease to exist|decline)',
  },
  {
    id: 'pretend-power',
    needs: 'pretend|simulate|hypothetical',
    weight: 60,
    pattern:
      '\\b(?:can|could|must|you) (?:also )?(?:pretend|simulate) (?:to )?(?:access|the internet|it can|you can|to have|that you)|\\bmake up (?:the )?(?:information|an answer|answers)|\\bpresent information that has not been verified\\b',
  },
  {
    id: 'persona',
    needs: "role|character|act as|pretend|persona|named|you are|you're|you’re|immerse|simulate",
    weight: inData(40, 40),
    pattern:
      "\\b(?:you(?: are|'re|’re| will be| will)? (?:now )?(?:going to |about to )?(?:act|play|pretend|role-?play|immerse yourself|simulate|behave|respond)(?:ing)?\\b|(?:i want|i'd like|i would like|let's|lets|we are going to|i need) (?:you )?(?:to )?(?:have a |do a |act|play|pretend|role-?play|simulate))",
  },
  {
    id: 'from-now-on',
    needs: 'from now on|from here on',
    weight: 40,
    pattern: '\\bfrom (?:now|here) on,? (?:you|i|we|chatgpt|your|every|all|when)',
  },
  {
    id: 'about-the-maker',
    needs: 'openai|chatgpt|anthropic',
    weight: 40,
    pattern:
      "\\b(?:openai|chatgpt|anthropic)(?:'s|’s)? (?:\\w{1,12} ){0,2}(?:polic(?:y|ies)|guidelines|rules|restrictions|limitations|content|standards)\\b|\\b(?:as|unlike|instead of) chatgpt\\b",
  },
  {
    id: 'anything-goes',
    needs: 'anything|everything|any request|whatever|all questions|every',
    weight: 60,
    pattern:
      '\\b(?:can|will|must|able to|could) (?:do|say|answer|generate|create|write|swear|produce|fulfil\\w?|comply with|respond to|provide) (?:absolutely |literally )?(?:anything|everything|any (?:request|question|content|kind)|all (?:requests|questions)|whatever|every (?:request|question))',
  },
  {
    id: 'swearing',
    needs: 'curse|swear|profan|cuss|vulgar',
    weight: 30,
    pattern: '\\b(?:curse|swear|profanity|profane|cuss|vulgar)\\w{0,3}\\b',
  },
  {
    id: 'confirm-persona',
    needs: 'if you understand|successfully|to confirm|my first|first question|say "|say “',
    weight: 40,
    pattern:
      '\\b(?:if you (?:understand|understood|agree)|confirm (?:that )?you(?: have)? underst\\w{1,4}|successfully (?:jailbroken|accessed|activated)|insert prompt here|my first (?:request|question|prompt|command|instruction) is)\\b',
  },
  {
    id: 'insert-prompt',
    needs: 'insert prompt|insert your prompt|[prompt]|{prompt}|prompt here|your prompt here|[insert',
    weight: 80,
    pattern:
      '\\[?insert (?:your )?(?:prompt|question|request|instruction)s? (?:here|below)\\]?|\\[prompt\\]|\\{prompt\\}',
  },
  {
    id: 'red-team-setup',
    needs: 'red team',
    weight: 80,
    pattern: '\\byou are a (?:helpful )?red[ -]team(?:ing)? assistant\\b',
  },
  {
    id: 'fictional-frame',
    needs: 'hypothetical|fiction|imagin|story',
    weight: 30,
    pattern:
      '\\b(?:hypothetical|fictional|imaginary) (?:\\w{1,12} ){0,2}(?:response|scenario|story|world|character|setting|conversation|ai)\\b',
  },
  {
    id: 'break-rules',
    needs: 'break|rules',
    weight: 60,
    pattern: '\\bbreak (?:all |every |any )?(?:of )?(?:the |your )?rules\\b',
  },
];

/** Attempts to talk a model out of its limits by a persona, a mode or a game. */
export const jailbreak: RulePack = {
  name: 'jailbreak',
  version: 1,
  categories: ['JAILBREAK'],
  reads: 'words',
  rules: wordRules('JAILBREAK', RULES),
};
