import type { Rule, RulePack } from '../rule.js';
import { overrides } from './overrides.js';
import { foreignOverrides } from './overrides-foreign.js';
import { inData, wordRules, type WordRule } from './words.js';

const VERBS_OF_REPLYING =
  '(?:add|append|augment|alter|begin|change|close|combine|compose|conclude|convert|craft|embed|encode|encrypt|end|enhance|enrich|extend|finish|format|formulate|generate|give|group|include|incorporate|inject|insert|integrate|introduce|invert|jumble|keep|make|mention|misspell|modify|paraphrase|phrase|prepend|present|provide|put|rearrange|recommend|remove|render|replace|respond|reverse|rewrite|scramble|shift|shuffle|start|state|substitute|suggest|supplement|swap|tease|translate|transform|use|utili[sz]e|weave|write)';
const REPLY = '(?:response|reply|answer|message|output|summary|solution|implementation|codebase|code)';

const RULES: readonly WordRule[] = [
  // what only the machinery around a model writes
  {
    id: 'system-tag',
    needs: '<system|<admin|<override|<instruction|<important|[system|[important|<information|</',
    weight: inData(100, 60),
    pattern:
      '<\\/?(?:system(?:[ _-](?:mode|prompt|message|override|instruction)s?)?|admin|override|important(?:[ _-]instructions?)?|instructions?|information)>|\\[(?:system|important instructions?)\\]',
  },
  {
    id: 'chat-markers',
    needs: '<|im_|<<sys>>|[inst]|<|start_header',
    weight: 100,
    pattern: '<\\|im_(?:start|end|sep)\\|>|<<\\/?sys>>|\\[\\/?inst\\]|<\\|(?:start|end)§header_id\\|>',
  },
  {
    id: 'system-heading',
    needs: 'system|instruction|admin|override',
    weight: inData(60, 30),
    pattern:
      '(?:^|[\\n.!?\\]:*#-] ?)(?:system|admin(?:istrator)?|root|developer|new|updated)(?: (?:message|prompt|note|notice|override|instructions?|alert|command|mode))? ?: (?=[A-Za-z])',
  },
  {
    id: 'system-override',
    needs: 'override',
    weight: inData(100, 80),
    pattern:
      '\\b(?:system|admin(?:istrator)?|safety|security|training data|instruction|policy|emergency)[ _-]overr?ide\\b',
  },
  // new orders
  {
    id: 'new-orders',
    needs: 'new |updated |revised |real |actual |next |additional ',
    weight: inData(100, 60),
    pattern:
      '\\b(?:your|a|an|the|this is your|here (?:are|is) your|but now come|now come)? ?(?:new|updated|revised|real|actual|true|additional) (?:system )?(?:instructions?|directives?|tasks?|assignment|orders?|objective|goal|role)(?: §(?:is|are|below|follows?))? ?(?::|-{1,2} |is to\\b|are to\\b)',
  },
  {
    id: 'new-task-please',
    needs: 'new task|new assignment',
    weight: inData(100, 70),
    pattern:
      '\\b(?:focus|concentrate|proceed|start|move|continue|work) §(?:on|to|with) §new (?:task|assignment|instruction)s?\\b',
  },
  {
    id: 'instead-of-that',
    needs: 'instead',
    weight: inData(60, 40),
    pattern:
      '\\b(?:and )?instead,? (?:of §(?:asked|instructed|told|task|summary|summari[sz]ing|answering),? )?(?:please )?(?:do|send|reply|respond|say|print|write|output|execute|forward|give|tell|state|answer|repeat|translate)\\b',
  },
  {
    id: 'stop-and-say',
    needs: 'stop|nevermind|enough',
    weight: 100,
    pattern:
      '(?:^|[.!?;:,\\n-] ?)(?:stop|nevermind|enough)(?: it| now)? ?[-:,.!]{1,3} ?(?:now )?(?:just )?(?:write|say|print|output|tell|repeat|give|answer)\\b',
  },
  {
    id: 'just-say',
    needs: 'just say|just print|just write|only say|just output|just reply|just respond|repeat after me|say only',
    weight: inData(80, 50),
    pattern:
      '\\b(?:just|only|simply) (?:say|print|write|output|reply|respond|answer)\\b ?(?:with )?[\'"“‘:]|\\brepeat after me\\b|\\bjust (?:say|print)\\b',
  },
  {
    id: 'execute-following',
    needs: 'following|below|this',
    weight: inData(100, 20),
    pattern:
      '\\b(?:follow|obey|adhere to|execute|carry out|comply with|perform|do) (?:only |strictly )?(?:the |these |this |my )(?:following|below)(?: \\w{1,20}){0,2} ?(?:instructions?|commands?|tasks?|first|instead)',
  },
  {
    id: 'before-your-task',
    needs: 'before |after ',
    weight: inData(100, 50),
    pattern:
      '\\b(?:before|after) (?:you )?(?:can |could |do |doing |did |continu\\w{1,4} |solv\\w{1,3} |complet\\w{1,3} |proceed\\w{0,3} |finish\\w{0,3} |answer\\w{0,3} |respond\\w{0,3} |that ){1,3}(?:the |your |this |with |that |to |you |can |solve ){0,4}(?:task|request|query|question|original|user)\\b',
  },
  {
    id: 'task-i-gave-you',
    needs: 'gave you|given to you|given you',
    weight: inData(60, 20),
    pattern: '\\b(?:task|instructions?|job)s? (?:that )?(?:i|we|they) (?:gave|have given) (?:to )?you\\b',
  },
  {
    id: 'message-from-me',
    needs: 'important message|urgent message',
    weight: inData(100, 20),
    pattern:
      '\\b(?:important|urgent|critical) (?:message|notice|note|instructions?) (?:from (?:me|the user|your (?:user|owner|developer|creator|admin\\w{0,12}))|(?:to|for) (?:you|the (?:assistant|agent|model)))\\b',
  },
  // who is spoken to
  {
    id: 'to-the-model',
    needs: 'ai|llm|language model|assistant|chatbot|chatgpt|gpt',
    weight: inData(100, 20),
    pattern:
      '\\b(?:attention|note|notice|message|instructions?|important|dear|hey|hello|hi|reminder|warning)[,:!]? (?:to |for )?(?:the |any |all |every )?(?:ai|llm|language model|ai[ -](?:assistant|agent|model|system|bot)|gpt-?\\d?|chatgpt|claude|chatbot|automated (?:assistant|system|agent))s?\\b(?! (?:tools?|safety|research|ethics|team|policy|course|model cards?))',
  },
  {
    id: 'if-you-are-a-model',
    needs: 'if you',
    weight: inData(100, 30),
    pattern:
      "\\bif (?:you|you're|you are) (?:are )?(?:an? |the )?(?:ai|llm|(?:large )?language model|assistant|chatbot|bot|automated|agent)\\b",
  },
  {
    id: 'model-must',
    needs: 'assistant|agent|model| ai |llm|bot',
    weight: inData(100, 40),
    pattern:
      '\\b(?:ai|ai agent|assistant|language model|llm|chatgpt)s?,? (?:you )?(?:must|should|shall|need to|have to|are required to|are instructed to) (?:now |first |immediately |always |also )?(?:ignore|disregard|send|forward|transfer|delete|reveal|e-?mail|upload|disclose|approve)\\b',
  },
  {
    id: 'when-reading',
    needs: 'summar|reading|process|translat|review',
    weight: inData(80, 20),
    pattern:
      '\\b(?:when|if|before|after|while|once) (?:you |you are |asked to |being asked to )?(?:summari[sz](?:e|ing)|read(?:ing)?|process(?:ing)?|translat(?:e|ing)|review(?:ing)?|analy[sz](?:e|ing)) ¶,? ?(?:you )?(?:must|always|please|also|instead) §(?:say|send|output|write|include|reply|respond|call|run|approve|forward)\\b',
  },
  // what comes back
  {
    id: 'shape-reply',
    opens: true,
    needs: 'your ',
    weight: inData(100, 0),
    pattern: `\\b(?:consider )?${VERBS_OF_REPLYING} (?!(?:a|the) (?:pull|merge) )(?:[\\w'’"“”(),@#$%&=+*!?./-]{1,40} ){0,16}your (?:final |next |whole |entire |own |code |written )?${REPLY}(?:'s|s)?\\b`,
  },
  {
    id: 'in-your-reply',
    needs: 'in your |of your |throughout your ',
    weight: inData(100, 0),
    pattern: `\\b(?:in|at the (?:end|start|beginning) of|throughout) your (?:final |next |whole |entire )?(?:response|reply|answer|message|solution)s?\\b`,
  },
  {
    id: 'following-code',
    needs: 'code',
    weight: inData(100, 0),
    pattern:
      '\\b(?:include|incorporate|add|append|embed|insert|integrate|use|utili[sz]e|put|presence of|inclusion of|mention|contain|feature|supplement) ¶(?:the |this |these )?(?:subsequent|following|below|provided|given|mentioned) (?:\\w{1,12} ){0,2}(?:code|snippet|excerpt|script|block)\\b',
  },
  {
    id: 'code-into-yours',
    needs: 'code',
    weight: inData(100, 0),
    pattern:
      '\\b(?:following|subsequent|below|given|provided) (?:\\w{1,12} )?(?:code )?(?:snippet|excerpt|block|code|segment)s?\\b[^.\\u2028]{0,60}?\\byour (?:\\w{1,12} )?(?:code|codebase|solution|algorithm|implementation|program|script|response|answer|reply|elucidation|explanation)\\b|\\byour (?:code|codebase|solution|algorithm|implementation|program|script)\\b[^.\\u2028]{0,60}?\\b(?:following|subsequent|below) (?:\\w{1,12} )?(?:code )?(?:snippet|excerpt|block)s?\\b',
  },
  {
    id: 'hide-from-user',
    needs: 'user|human|anyone|owner|operator|recipient',
    weight: inData(100, 50),
    pattern:
      "\\b(?:do not|don't|don’t|never|without) (?:tell|telling|inform|informing|mention|mentioning|alert|alerting|notify|notifying|let|letting|reveal|disclose|warn) (?:\\w{1,12} ){0,3}(?:the )?(?:user|human|owner|operator|anyone|recipient)\\b",
  },
  // what it was told
  {
    id: 'reveal-prompt',
    needs: 'prompt|instruction|system message|above',
    weight: 100,
    pattern:
      "\\b(?:reveal|show|print|repeat|output|display|leak|return|write|recite|disclose|expose|dump|copy|give|tell|list|share|include|paste|reproduce|provide|spell|what (?:is|are|was|were)|what's) (?:out |down |back |me |us |all |of |everything in |the (?:full |complete |entire |exact )?(?:text|contents?|copy|words) of ){0,4}(?:the|your|this|its|all|any)? ?§(?:system (?:prompt|message|instructions?)|(?:initial|hidden|secret|original|internal|full|entire|whole|confidential|developer|first) (?:system )?(?:prompt|instructions?|message)(?! (?:for|of|to|on|in) )|prompt text|pre-?prompt|(?:text|words|everything|instructions?|prompts?|sentences?) above\\b)",
  },
  {
    id: 'all-your-prompts',
    needs: 'prompt',
    weight: 100,
    pattern:
      '\\b(?:show|print|reveal|tell|output|repeat|give|list|spell)(?: me)? (?:all |the )?(?:of )?your (?:\\w{1,12} ){0,2}prompts?(?: texts?| instructions)?\\b(?! engineer)',
  },
  {
    id: 'what-were-you-told',
    needs: 'were you|are your|were your|written',
    weight: 60,
    pattern:
      '\\bwhat (?:exactly )?(?:were you (?:told|instructed|asked|given)|(?:are|were) your (?:\\w{1,12} )?(?:instructions|orders|directives|guidelines))\\b|\\bwhat (?:is|was|were) (?:\\w{1,12} ){0,2}(?:written|said) (?:above|at the (?:beginning|start|top))\\b',
  },
  {
    id: 'secret-word',
    needs: 'password|passphrase|secret|access code',
    weight: inData(60, 60),
    pattern:
      "\\b(?:tell|give|share|reveal|say|print|confirm|spell|send|provide|disclose|repeat|write|access)(?: me| us| with me| out)? (?:with )?(?:the|your|our|that) (?:\\w{1,12} ){0,2}(?:password|passphrase|access code|secret (?:key|word|code))\\b|\\bwhat(?:'s| is| was) (?:the|your|our) (?:\\w{1,12} ){0,2}(?:password|passphrase|secret (?:key|word|code))\\b",
  },
  {
    id: 'your-password',
    needs: 'your password|your secret|your passphrase|your passcode|password|passphrase|passcode',
    weight: 100,
    pattern:
      "\\b(?:what(?:'s| is| was)|tell me|give me|share|reveal|say|print|confirm|spell(?: out)?|provide|disclose|repeat|what would be) (?:with me |me |us )?your (?:\\w{1,12} ){0,2}(?:password|passphrase|passcode|pass ?phrase|secret (?:key|word|code))\\b",
  },
  {
    id: 'claims-authority',
    needs: "i am|i'm|this is",
    weight: inData(60, 50),
    pattern:
      "\\b(?:i am|i'm|i’m|this is) (?:actually |in fact |now )?(?:the|your|an?) (?:\\w{1,12} ){0,2}(?:developer|creator|maintainer|administrator|admin|programmer|system owner|president|police officer|security (?:researcher|auditor|expert)|ceo|engineer at openai|bank (?:accountant|manager)|doctor treating)\\b",
  },
  {
    id: 'personal-fact',
    needs: 'birth date|residence|email address|phone number|home address|live',
    weight: 60,
    pattern:
      "\\b(?:give|tell|share|reveal|say|print|send|provide|access)(?: me| us)? (?:\\w{1,20}'s|the user'?s?) (?:current )?(?:birth date|date of birth|city of residence|residence|e-?mail address|phone number|home address|address|initials|full name)",
  },
  {
    id: 'role-change',
    needs: "you are|you will|you have|you must|you were|you’re|you're",
    weight: inData(80, 60),
    pattern:
      "\\b(?:from now on|from here on|henceforth|starting now|now|for the rest of this conversation),? (?:you(?:'re|’re)?|i want you) (?:are |will |must |have |shall |should |can |to |need )|\\b(?:now )?you are (?:now|no longer) (?:an? |the |in |bound |acting |going to |required |called |named )?",
  },
  {
    id: 'act-as',
    needs: 'act as|play the role|pretend|role-play|roleplay|take on the role|behave as|impersonate',
    weight: inData(60, 30),
    pattern:
      '\\b(?:act|behave|respond|function|serve|answer) (?:to me )?as (?:an? |the |if |though )|\\b(?:play|take on|assume|adopt) the role of\\b|\\bpretend (?:to be|that|you|i am)\\b|\\brole-?play(?:ing)?\\b|\\bimpersonat(?:e|ing)\\b',
  },
  {
    id: 'end-of-input',
    needs: 'end of|begin|end document|/document',
    weight: inData(80, 60),
    pattern:
      '\\b(?:end of (?:document|text|e-?mail|context|input|data|prompt|page|instructions?)|begin (?:new )?(?:instructions?|prompt|system))\\b.{0,40}?\\b(?:now|instructions?|system|assistant|task)\\b',
  },
  {
    id: 'approve-it',
    needs: 'approv',
    weight: 80,
    pattern:
      '\\b(?:approve|allow|authori[sz]e|accept|bypass|skip|evade) (?:the |any |all |every )?(?:next |following |further |subsequent |human |pending )?(?:tool (?:calls?|use)|approvals?|approval (?:step|process|checks?)|function calls?|confirmation)\\b',
  },
  {
    id: 'cross-tenant',
    needs: 'tenant',
    weight: inData(100, 80),
    pattern:
      '\\bas tenant \\w{1,12},? ?(?:fetch|read|get|list|show|export) §tenant\\b|\\b(?:fetch|read|export) (?:another|other|every) tenants?\\b',
  },
  {
    id: 'remember-forever',
    needs: 'remember|memori|from now on',
    weight: inData(100, 60),
    pattern:
      '\\b(?:remember|memori[sz]e|store|save) (?:permanently |forever |in (?:your )?memory |always )§(?:user|is an? admin\\w{0,12}|administrator|trusted)\\b',
  },
];

/** Characters that show nothing, where they carry text or break words. */
const HIDDEN: readonly Rule[] = [
  {
    id: 'tag-characters',
    category: 'PROMPT_INJECTION',
    kind: 'HIDDEN_TEXT',
    on: 'original',
    weight: 100,
    needs: [],
    pattern: /[\u{E0020}-\u{E007E}]{3,4000}/gu,
    confirm: (_match, text, index) => text.slice(index - 2, index) !== '\u{1F3F4}',
  },
  {
    id: 'selector-bytes',
    category: 'PROMPT_INJECTION',
    kind: 'HIDDEN_TEXT',
    on: 'original',
    weight: 100,
    needs: [],
    pattern: /[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{4,4000}/gu,
  },
  {
    id: 'broken-words',
    category: 'PROMPT_INJECTION',
    kind: 'HIDDEN_CHARACTERS',
    on: 'original',
    weight: 100,
    needs: [],
    pattern:
      /[A-Za-z ][\u200B-\u200F\u2060-\u2064\u202A-\u202E\u2066-\u2069\u180E\uFEFF]{1,8}(?:[\x20-\x7E]{1,12}[\u200B-\u200F\u2060-\u2064\u202A-\u202E\u2066-\u2069\u180E\uFEFF]{1,8}){3}/g,
  },
];

/** Instructions that try to replace the ones an agent has, ask for what it was told, or stand where only data should. */
export const promptInjection: RulePack = {
  name: 'prompt-injection',
  version: 2,
  categories: ['PROMPT_INJECTION', 'UNSAFE'],
  reads: 'words',
  rules: [...overrides, ...foreignOverrides, ...wordRules('PROMPT_INJECTION', RULES), ...HIDDEN],
};
