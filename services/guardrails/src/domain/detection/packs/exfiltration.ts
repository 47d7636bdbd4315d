import type { RulePack } from '../rule.js';
import { inData, wordRules, type WordRule } from './words.js';

const SEND =
  '(?:send|sends|sending|forward|e-?mail|post|upload|transmit|exfiltrate|leak|copy|deliver|submit|share|transfer|export|report)';
const SECRETS =
  '(?:passwords?|api[ -]?keys?|secrets?|credentials?|private keys?|access tokens?|session tokens?|auth(?:entication)? tokens?|cookies|conversation history|chat history|system prompt|customer (?:data|records|e-?mails|list)|personal (?:data|information)|(?:credit|debit) card (?:numbers?|details)|bank details|environment variables|\\.env file|ssh keys?|employee (?:data|records))';

const RULES: readonly WordRule[] = [
  {
    id: 'send-secrets',
    needs: 'send|forward|mail|post|upload|transmit|exfiltrat|leak|copy|deliver|submit|share|transfer|export|report',
    weight: inData(100, 40),
    pattern: `\\b${SEND} ¶${SECRETS}(?:,| and| or)? §(?:to|at|via|over|into|back) `,
  },
  { id: 'exfiltrate', needs: 'exfiltrat', weight: inData(60, 60), pattern: `\\bexfiltrat(?:e|ing) ¶${SECRETS}\\b` },
  {
    id: 'send-to-address',
    needs: '@|http',
    weight: inData(100, 30),
    pattern: `\\b${SEND} ¶(?:to|at) <?(?:https?:\\/\\/|[\\w.+-]{1,64}@)[\\w.-]{3,100}.{0,60}?\\b(?:before|first|silently|immediately|without|instead|then continue)\\b`,
  },
  {
    id: 'send-everything',
    needs: 'send|forward|mail|upload',
    weight: inData(80, 10),
    pattern:
      '(?:^|[.!?:;\\n"\'|>)] ?|\\b(?:please|also|and|then|to|must) )(?:send|forward|e-?mail|upload) (?:me |us )?(?:all|every|the (?:entire|full|whole|content|contents|history)|any|a copy of|copies of) (?:[\\w\'’-]{1,20},? ){0,10}(?:to|at) (?:<|")?(?:https?:\\/\\/|www\\.|[\\w.+-]{1,64}@)',
  },
  {
    id: 'fetch-and-send',
    needs:
      'and send|and email|and e-mail|and forward|and share|and mail|and then send|and then email|and then forward|, send|, email',
    weight: inData(100, 10),
    pattern:
      "\\b(?:retrieve|access|fetch|get|obtain|find|gather|collect|download|extract|read|list|look up|check|search|export|copy) (?:[\\w'’.@/-]{1,30} ){1,16}?(?:[\\w'’.@/-]{1,30}, )?(?:and )?(?:then )?(?:send|e-?mail|forward|share|mail) (?:it|them|this|that|these|those|all|everything|the|its|their|his|her)(?: \\w{1,16}){0,4}? (?:to|with) (?:<|\"|')?(?:[\\w.+-]{1,64}@|https?:\\/\\/)",
  },
  {
    id: 'todo-order',
    needs: 'todo',
    weight: inData(100, 0),
    pattern:
      '\\btodo: ?(?:please )?(?:(?:send|e-?mail|forward|transfer|pay|wire) (?:a|an|all|my|me|everyone|everything|the (?:full|content|money|amount)|\\$?\\d)|visit (?:https?|www|the (?:web)?site)|make (?:me )?a (?:reservation|booking|payment)|book |reserve |say (?:that|to)|recommend |invite |post (?:a|the) (?:link|message|review)|change (?:my|the) password|delete (?:the file|all (?:my|files|e-?mails)|my ))',
  },
  {
    id: 'data-image',
    needs: '![',
    weight: 100,
    pattern:
      '!\\[[^\\]\\u2028]{0,80}\\]\\(https?:\\/\\/[^)\\s]{1,200}[?&][\\w-]{1,40}=(?:\\{|\\[|%7b|<|\\$|(?:data|secret|history|conversation|chat|prompt|system|canary)\\w{0,20}\\))',
  },
  {
    id: 'load-image',
    needs: '![',
    weight: inData(100, 100),
    pattern:
      '\\b(?:load|render|display|show|fetch|include|embed|output|chargez) (?:this |the |an? )?(?:image:? |markdown:? |pixel:? )?!\\[[^\\]\\u2028]{0,80}\\]\\(https?:\\/\\/|!\\[[^\\]\\u2028]{0,80}\\]\\(https?:\\/\\/[^)\\s]{1,200}[?&](?:data|leak|exfil|secret|payload|stolen)=',
  },
  {
    id: 'data-url',
    needs: 'http',
    weight: inData(100, 60),
    pattern:
      '\\b(?:load|open|visit|fetch|request|navigate to|browse(?: to)?|call|curl|get|ping|render|display|chargez|go to|hit|query) (?:the )?(?:url |link |image |page )?<?https?:\\/\\/[^\\s?\\u2028]{3,120}\\?(?:d|data|q|leak|x|c|info|secret|key|token|payload|content|log|msg|exfil)=',
  },
  {
    id: 'append-to-url',
    needs: 'url|link|query|parameter|http',
    weight: inData(100, 60),
    pattern:
      "\\b(?:append|add|attach|put|include|encode|embed|concatenate|replac\\w{1,3}) ¶(?:conversation|chat|history|secrets?|system prompt|password|api key|user'?s? (?:data|name|message|question|e-?mail)|answer) ¶(?:to|in|into|as|of) ¶(?:url|link|query|parameter|address|image)",
  },
  {
    id: 'collector',
    needs: 'webhook.site|requestbin|pipedream|burpcollaborator|oastify|interact.sh|beeceptor|ngrok|hookbin|dnslog',
    weight: inData(60, 40),
    pattern:
      '\\b(?:webhook\\.site|requestbin\\.\\w{2,4}|\\w{1,40}\\.pipedream\\.net|burpcollaborator\\.net|oastify\\.com|interact\\.sh|oast\\.(?:pro|live|fun|me)|beeceptor\\.com|ngrok(?:-free)?\\.(?:io|app)|dnslog\\.cn)\\b',
  },
  {
    id: 'pipe-out',
    needs: 'curl|wget',
    weight: inData(80, 60),
    pattern:
      '\\b(?:curl|wget)\\b[^\\n\\u2028]{0,120}?(?:-d|--data(?:-binary|-raw)?|-F|--post-file|-T|--upload-file)[ =]{0,2}["\']?(?:@|\\$\\(|`)[^\\n\\u2028]{0,40}?(?:passwd|shadow|\\.env|id_rsa|\\.ssh|secrets?|credentials|history|\\.aws|token)',
  },
  {
    id: 'read-then-send',
    needs: 'read_secret|read secret|get_secret',
    weight: inData(80, 60),
    pattern:
      '\\b(?:call|use|run|invoke|execute|utilisez|utilisez l.outil) (?:the )?(?:tool )?(?:read|get|fetch|list|dump)_?(?: )?(?:secrets?|credentials|passwords|env)\\b',
  },
  {
    id: 'to-an-attacker',
    needs: 'attacker|evil.|hacker|malicious',
    weight: inData(100, 60),
    pattern: `\\b${SEND} ¶(?:to|at) <?(?:the )?(?:attacker|evil|hacker|malicious)`,
  },
  {
    id: 'customer-data-out',
    needs: 'customer|client|user',
    weight: inData(60, 10),
    pattern: `\\b${SEND} (?:the |all |any |our |your ){0,2}(?:customers?|clients?|users?|tenant)(?:'s|s')? (?:\\w{1,12} ){0,2}(?:e-?mails?|records?|data|list|database|details)\\b.{0,20}?\\bto\\b`,
  },
];

/** Orders and forms of links that carry data out of where it belongs. */
export const exfiltration: RulePack = {
  name: 'exfiltration',
  version: 1,
  categories: ['EXFILTRATION'],
  reads: 'words',
  rules: wordRules('EXFILTRATION', RULES),
};
