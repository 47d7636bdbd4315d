import type { Category, Rule, RulePack } from '../rule.js';

const rule = (id: string, pattern: RegExp, category: Category = 'PROMPT_INJECTION'): Rule => ({
  id,
  category,
  pattern,
});

/** Instructions that try to replace the ones an agent has, ask for what it was told, or make it carry data away. */
export const promptInjection: RulePack = {
  name: 'prompt-injection',
  version: 1,
  rules: [
    rule(
      'ignore-previous',
      /\b(?:ignore|disregard|forget|override|bypass) (?:\w+ ){0,3}(?:previous|prior|above|earlier|preceding|existing|original) (?:\w+ ){0,2}(?:instructions?|prompts?|directions?|rules?|guidelines?|context|messages?|commands?)\b/i,
    ),
    rule(
      'ignore-your',
      /\b(?:ignore|disregard|forget|override|bypass) (?:all |any |everything |of ){0,2}(?:your|the) (?:\w+ ){0,2}(?:instructions?|guidelines?|rules|system prompt|safety|restrictions?|programming|training)\b/i,
    ),
    rule(
      'do-not-follow',
      /\b(?:do not|don'?t|stop) (?:follow|obey|following|obeying) (?:\w+ ){0,3}(?:instructions?|rules|guidelines?)\b/i,
    ),
    rule(
      'new-instructions',
      /\b(?:new|updated|revised|real|actual|important) (?:system )?(?:instructions?|directives?|task)(?: from \w+)? ?(?::|-{2,}|follow)/i,
    ),
    rule(
      'instead-do',
      /\binstead of (?:the |what |your )?(?:\w+ ){0,4}(?:asked|instructed|told|task|summary|summari[sz]ing)\b.{0,40}\b(?:do|send|reply|write|output|execute|forward)\b/i,
    ),
    rule(
      'important-message',
      /<(?:important|system|instructions?|admin|override)>|\[(?:system|inst|important instruction)\]|<\|im_start\|>|<<sys>>|### ?(?:system|instruction)s? ?:/i,
    ),
    rule('role-change', /\byou are (?:now|no longer) (?:a|an|the|in|bound|acting|going to|required)\b/i),
    rule(
      'pretend',
      /\b(?:pretend|act|behave|respond) (?:to be|as if|as though|as) (?:you (?:are|were|have)|an? (?:unrestricted|unfiltered|uncensored|evil|different))\b/i,
      'JAILBREAK',
    ),
    rule(
      'dan-mode',
      /\b(?:DAN mode|do anything now|developer mode (?:enabled|on)|jailbreak(?:ed)? mode|god mode enabled|no (?:restrictions|filters|limits) mode)\b/i,
      'JAILBREAK',
    ),
    rule(
      'reveal-prompt',
      /\b(?:reveal|show|print|repeat|output|display|tell me|leak|return|write out) (?:\w+ ){0,3}(?:system prompt|initial prompt|hidden prompt|initial instructions|system message|hidden instructions|(?:text|words|everything) above)\b/i,
    ),
    rule(
      'address-assistant',
      /\b(?:attention|note to|message (?:for|to)|instructions? (?:for|to)|dear) (?:the |any |all )?(?:ai|llm|language model|ai (?:assistant|agent|model)|chatbot|automated (?:assistant|system|agent))s?\b/i,
    ),
    rule(
      'as-an-ai-you-must',
      /\b(?:ai|assistant|agent|model|bot)s?,? (?:you )?(?:must|should|shall|need to|have to|are required to) (?:now |first |immediately )?(?:ignore|send|forward|transfer|delete|execute|run|reveal|email|post|upload|disclose|call)\b/i,
    ),
    rule(
      'hide-from-user',
      /\b(?:do not|don'?t|never|without) (?:tell|telling|inform|informing|mention|mentioning|alert|alerting|notify|notifying|reveal|revealing) (?:\w+ ){0,3}(?:the )?(?:user|human|owner|operator|anyone|recipient|this (?:to|instruction))\b/i,
    ),
    rule(
      'send-secrets',
      /\b(?:send|forward|e-?mail|post|upload|transmit|exfiltrate|leak|copy|deliver) (?:\w+ ){0,5}(?:passwords?|api keys?|secrets?|credentials?|private keys?|access tokens?|session tokens?|conversation history|system prompt|customer (?:data|records|list))\b/i,
      'EXFILTRATION',
    ),
    rule(
      'send-to-address',
      /\b(?:send|forward|e-?mail|upload|post|transmit) (?:\w+ ){0,8}(?:to|at) (?:<)?(?:https?:\/\/|[\w.+-]{1,64}@)[\w.-]{3,100}.{0,60}\b(?:before|first|silently|immediately|without|instead|then continue)\b/i,
      'EXFILTRATION',
    ),
    rule(
      'markdown-exfiltration',
      /!\[[^\]]{0,80}\]\(https?:\/\/[^)\s]{1,200}[?&][\w-]{1,40}=(?:\{|\[|%7b|<)/i,
      'EXFILTRATION',
    ),
    rule(
      'end-of-document',
      /\b(?:end of (?:document|text|email|context|input|data)|begin (?:new )?(?:instructions?|prompt))\b.{0,60}\b(?:now|instructions?|system|assistant|task)\b/i,
    ),
    rule(
      'when-summarising',
      /\b(?:when|if|before|after|while) (?:you |asked to |being asked to )?(?:summari[sz](?:e|ing)|read(?:ing)?|process(?:ing)?|translat(?:e|ing)|review(?:ing)?) (?:\w+ ){0,4},? ?(?:you )?(?:must|always|please|also|instead) (?:\w+ ){0,2}(?:say|send|output|write|include|reply|respond|call|run|approve|forward)\b/i,
    ),
    rule(
      'german-ignore',
      /\b(?:ignoriere?|vergiss|missachte) (?:\w+ ){0,3}(?:vorherigen?|obigen?|bisherigen?|alle) (?:\w+ ){0,2}(?:anweisungen|instruktionen|regeln|befehle)\b/i,
    ),
    rule(
      'french-ignore',
      /\b(?:ignore[zr]?|oublie[zr]?) (?:\w+ ){0,3}(?:instructions|consignes|règles|directives) (?:précédentes|antérieures|ci-dessus)\b/i,
    ),
    rule(
      'spanish-ignore',
      /\b(?:ignora|olvida|descarta) (?:\w+ ){0,3}(?:instrucciones|reglas|indicaciones) (?:anteriores|previas)\b/i,
    ),
  ],
};
