import type { Rule } from '../rule.js';
import { inData, wordRules, type WordRule } from './words.js';

const W = '(?:[^\\s\\u2028]{1,20} ){0,4}';

/** "Ignore the previous instructions", "show your system prompt" and "developer mode" in the languages that attacks are translated into. */
const RULES: readonly WordRule[] = [
  {
    id: 'german',
    needs: 'ignorier|vergiss|vergesse|missacht|abweichend|überschreib|uberschreib|höre nicht|hore nicht',
    weight: 100,
    pattern: `(?:ignorier\\w{0,3}|vergiss|vergesse\\w{0,2}|missachte\\w{0,2}|überschreib\\w{0,2}|abweichend (?:zu|von)) ${W}(?:anweisung\\w{0,3}|instruktion\\w{0,3}|regeln|befehle?n?|aufgaben?|vorgaben|systemnachricht|system-?prompt|training|\\w{0,12}richtlinien|aufträge?|artikel)|(?:höre|hore|hör) nicht auf alles|(?:vergiss|vergesse\\w{0,2}|ignorier\\w{0,3}) (?:alles|bitte alles)`,
  },
  {
    id: 'german-reveal',
    needs: 'prompt|anweisung|entwicklermodus|unbeschränkt|filter',
    weight: 100,
    pattern: `(?:zeig\\w{0,3}|nenne?|gib|wiederhole?|verrate?|schreibe?) ${W}(?:system-?prompts?|prompt-?textes|prompttext|(?:ursprünglichen|ersten|internen|geheimen) (?:anweisungen|instruktionen|prompts?))|(?:aktivier\\w{0,2}|wechsle) ${W}(?:entwicklermodus|unbeschränkten? modus)|kopie des ${W}prompt`,
  },
  {
    id: 'french',
    needs: 'ignor|oubli|négligez|neglig',
    weight: 100,
    pattern: `(?:(?:ignore[zr]?|néglige[zr]?|négligez) (?:les|toutes?|tes|vos|mes|ces|tout|ton|votre|la|l['’])|oublie[zr]?|ne (?:suis|suivez) (?:pas|plus)) ?${W}(?:instructions?|consignes|règles|regles|directives|entraînement|indications)`,
  },
  {
    id: 'french-reveal',
    needs: 'prompt|invite|instructions initiales|développeur|restriction|administrateur|secret|evil',
    weight: 100,
    pattern: `(?:montre\\w{0,2}(?:-moi)?|affiche\\w{0,2}|révèle\\w{0,2}|revele\\w{0,2}|donne\\w{0,2}|répète\\w{0,2}|quelles? (?:sont|est)) ${W}(?:(?:prompt|invite|message) (?:du )?syst[eè]me|instructions initiales|prompt initial)|active[rz]? (?:le )?mode d[ée]veloppeur|m[ée]morisez que ${W}(?:toujours )?administrateur|(?:envoyez|chargez|transférez) ${W}(?:attacker|https?:\\/\\/evil)`,
  },
  {
    id: 'spanish',
    needs: 'ignor|olvid|descart|no sigas|omit|haz caso omiso',
    weight: 100,
    pattern: `(?:ignor\\w{1,3}|olvid\\w{1,4}|descart\\w{1,3}|no sigas|omit\\w{1,2}|haz caso omiso de) ${W}(?:instrucciones|reglas|indicaciones|órdenes|ordenes|directrices|entrenamiento|programación|todo (?:lo )?(?:que|anterior))|olvid\\w{1,3} todo`,
  },
  {
    id: 'spanish-reveal',
    needs: 'prompt|instrucciones|desarrollador|mensaje del sistema|sistema',
    weight: 100,
    pattern: `(?:muéstrame|muestrame|muestra|revela|dime|dame|imprime|repite|cuáles son|cuales son) ${W}(?:prompt (?:del|de) sistema|prompt|instrucciones (?:iniciales|originales|del sistema)|mensaje (?:del|de) sistema)|(?:activa|entra en)(?: el)? modo (?:de )?desarrollador`,
  },
  {
    id: 'portuguese',
    needs: 'ignor|esqueça|esqueca|esquece|desconsider|desative|prompt|instruções iniciais',
    weight: 100,
    pattern: `(?:ignor\\w{1,3}|esque[çc]\\w{1,2}|desconsider\\w{1,2}|desative) ${W}(?:instruções|instrucoes|regras|diretrizes|orientações|treinamento|filtros|ordens|tudo)|(?:mostre|revele|exiba|diga)(?:-me)? ${W}(?:prompt|instruções iniciais)|ative o modo desenvolvedor`,
  },
  {
    id: 'italian',
    needs: 'ignora|dimentica|trascura|mostra|rivela',
    weight: 100,
    pattern: `(?:ignora\\w{0,2}|dimentica\\w{0,2}|trascura\\w{0,2}|non seguire) ${W}(?:istruzioni|regole|indicazioni|direttive|tutto quello|tutto ciò)|(?:mostra|rivela|dimmi)\\w{0,3} ${W}(?:prompt di sistema|istruzioni iniziali)`,
  },
  {
    id: 'dutch-and-north',
    needs: 'negeer|vergeet|ignorera|glöm|ignorer|glem',
    weight: 100,
    pattern: `(?:negeer|vergeet|ignorera|glöm|ignorer|glem) ${W}(?:instructies|aanwijzingen|regels|opdrachten|instruktion\\w{0,3}|instruksjon\\w{0,3}|regler|anvisning\\w{0,3})`,
  },
  {
    id: 'polish-and-czech',
    needs: 'zignoruj|ignoruj|zapomnij|pomiń|zapomeň',
    weight: 100,
    pattern: `(?:zignoruj|ignoruj|zapomnij|pomiń|zapomeň)\\w{0,3} ${W}(?:instrukcj\\w{1,2}|poleceni\\w{0,2}|zasad\\w{0,2}|pokyn\\w{0,2}|instrukc\\w{0,2}|wszystk\\w{1,3})`,
  },
  {
    id: 'turkish-and-vietnamese',
    needs: 'talimat|komut|hướng dẫn|chỉ dẫn|lệnh|instruksi|arahan|perintah',
    weight: 100,
    pattern: `(?:önceki|yukarıdaki|tüm) ${W}(?:talimat|komut|yönerge)\\p{L}{0,8} ${W}(?:yok say|görmezden|unut|dikkate alma)|(?:bỏ qua|quên|phớt lờ) ${W}(?:hướng dẫn|chỉ dẫn|lệnh|chỉ thị)|(?:abaikan|lupakan) ${W}(?:instruksi|arahan|perintah|petunjuk)`,
  },
  {
    id: 'russian',
    needs: 'игнорир|забуд|забыть|пренебрег|отмени|промпт|системн',
    weight: 100,
    pattern: `(?:игнорир\\p{L}{1,5}|забуд\\p{L}{1,3}|забыть|пренебре\\p{L}{1,5}|отмени\\p{L}{0,2}) ${W}(?:инструкци\\p{L}{0,3}|указани\\p{L}{0,3}|правил\\p{L}{0,2}|команд\\p{L}{0,2}|вс[её] (?:что|предыдущ))|(?:покажи|раскрой|выведи|повтори)\\p{L}{0,2} ${W}(?:системн\\p{L}{1,3} (?:промпт|подсказк|инструкц|запрос)|промпт)|режим разработчика`,
  },
  {
    id: 'ukrainian-and-bulgarian',
    needs: 'ігнору|забудь|игнорирай|забрав',
    weight: 100,
    pattern: `(?:ігнору\\p{L}{1,5}|забудь\\p{L}{0,2}|игнорирай\\p{L}{0,2}|забрав\\p{L}{1,4}) ${W}(?:інструкц\\p{L}{0,3}|вказівк\\p{L}{0,3}|правил\\p{L}{0,2}|инструкци\\p{L}{0,3})`,
  },
  {
    id: 'greek',
    needs: 'αγνο|αγνό|ξέχασ|παράβλεψ',
    weight: 100,
    pattern: `(?:αγν[οό]\\p{L}{1,6}|ξέχασ\\p{L}{1,3}|παράβλεψ\\p{L}{1,3}) ${W}(?:οδηγί\\p{L}{1,3}|εντολ\\p{L}{1,3}|κανόν\\p{L}{1,3})`,
  },
  {
    id: 'chinese',
    needs: '忽略|忽视|無視|忘记|忘記|不要遵|无视|忽視|系统提示|系統提示|过滤|开发者模式|開發者模式|指示|指令|提示词',
    weight: 100,
    pattern:
      '(?:忽略|忽视|忽視|无视|無視|忘记|忘記|不要遵[循守]|不理会|绕过)[^。！？\\n\\u2028]{0,15}(?:指示|指令|说明|說明|规则|規則|提示|命令|训练|内容|限制)|(?:显示|顯示|告诉我|告訴我|输出|打印|透露|重复|公开)[^。！？\\n\\u2028]{0,10}(?:系统提示|系統提示|初始指令|提示词|系统消息)|关闭[^。！？\\n\\u2028]{0,8}过滤|(?:开启|进入|启用|激活)开发者模式',
  },
  {
    id: 'japanese',
    needs: '無視|忘れ|システムプロンプト|プロンプト|フィルター|開発者モード',
    weight: 100,
    pattern:
      '(?:指示|命令|ルール|指令|説明|プロンプト|制約|訓練|内容)[^。！？\\n\\u2028]{0,10}(?:無視|忘れ)|無視して、|システムプロンプト[^。！？\\n\\u2028]{0,8}(?:表示|教え|見せ|出力|開示)|フィルター[^。！？\\n\\u2028]{0,8}(?:オフ|無効)|開発者モード[^。！？\\n\\u2028]{0,6}(?:有効|入|オン|切り替え)',
  },
  {
    id: 'korean',
    needs: '무시|잊어|프롬프트|개발자 모드',
    weight: 100,
    pattern:
      '(?:지시|지침|명령|규칙|안내|설명|지시사항)\\S{0,6} {0,1}(?:\\S{1,8} ){0,2}(?:무시|잊)|시스템 프롬프트\\S{0,3} (?:\\S{1,8} )?(?:보여|알려|출력|공개)|개발자 모드',
  },
  {
    id: 'hindi',
    needs: 'निर्देश|आदेश|नियम|सिस्टम प्रॉम्प्ट',
    weight: 100,
    pattern: `(?:निर्देश\\S{0,3}|आदेश\\S{0,3}|नियम\\S{0,3}) ${W}(?:अनदेखा|अनदेखी|नज़रअंदाज़|नजरअंदाज|उपेक्षा|भूल)`,
  },
  {
    id: 'arabic-and-persian',
    needs: 'تجاهل|انس|نادیده|فراموش',
    weight: 100,
    pattern: `(?:تجاهل|انس|انسى|تغاضى) ${W}(?:\\S{0,3}تعليمات|\\S{0,3}إرشادات|\\S{0,3}أوامر|\\S{0,3}قواعد|\\S{0,3}توجيهات)|(?:دستور\\S{0,6}|دستورالعمل\\S{0,6}) ${W}(?:نادیده|فراموش)`,
  },
  {
    id: 'hebrew',
    needs: 'התעלם|התעלמ|שכח',
    weight: 100,
    pattern: `(?:התעלם|התעלמי|התעלמו|שכח|שכחי) ${W}(?:\\S{0,3}הוראות|\\S{0,3}הנחיות|\\S{0,3}כללים|\\S{0,3}פקודות)`,
  },
  {
    id: 'thai',
    needs: 'เพิกเฉย|ละเว้น|ไม่สนใจ|ลืม|คำสั่ง|คำแนะนำ',
    weight: 100,
    pattern: '(?:เพิกเฉย|ละเว้น|ไม่สนใจ|ลืม|ละเลย)[^\\n\\u2028]{0,20}(?:คำสั่ง|คำแนะนำ|กฎ)',
  },
  {
    id: 'hungarian-and-romanian',
    needs: 'utasítás|utasitas|instrucțiuni|instrucţiuni|instructiuni|regulile',
    weight: 100,
    pattern: `(?:hagyd|hagyja) figyelmen kívül ${W}utasítás|felejtsd el ${W}utasítás|(?:ignoră|ignora|ignorați|uită|uitați) ${W}(?:instruc[țţt]iuni\\p{L}{0,3}|regulile|comenzile)`,
  },
  {
    id: 'finnish-and-baltic',
    needs: 'ohje|noteikumus|norādījumus|instrukcij|juhiseid',
    weight: 100,
    pattern: `(?:unohda|ohita|jätä huomiotta|älä välitä) ${W}ohje\\p{L}{0,6}|(?:ignorē|ignorējiet|aizmirsti) ${W}(?:norādījumus|instrukcij\\p{L}{0,3})|(?:ignoruok|ignoruokite|pamiršk) ${W}instrukcij\\p{L}{0,3}|(?:eira|ignoreeri|unusta) ${W}juhiseid`,
  },
  {
    id: 'bengali-and-urdu',
    needs: 'নির্দেশ|ہدایات|احکامات',
    weight: 100,
    pattern: `নির্দেশ\\S{0,8} ${W}(?:উপেক্ষা|অগ্রাহ্য|ভুলে)|(?:ہدایات|احکامات) ${W}(?:نظر انداز|نظرانداز|بھول)`,
  },
  {
    id: 'tagalog-and-swahili',
    needs: 'tagubilin|panuto|maagizo|maelekezo',
    weight: 100,
    pattern: `(?:huwag pansinin|balewalain|kalimutan|kalimutin) ${W}(?:tagubilin|panuto|utos)|(?:puuza|sahau) ${W}(?:maagizo|maelekezo)`,
  },
  {
    id: 'german-order',
    needs: 'obigen|vorherigen|bisherigen|vorangegangenen|vorangehenden|vorherige|bisherige',
    weight: 100,
    pattern: `(?:obige|vorherige|bisherige|vorangegangene|vorangehende)n? (?:ausführungen|anweisungen|informationen|aufgaben|instruktionen|befehle|texte?) ${W}(?:ignorier|vergess|streichen|irrelevant|hinter sich|nicht ganz|außer acht)`,
  },
  {
    id: 'german-new-task',
    needs: 'neue anweisungen|neuen anweisungen|neue aufgabe|neuen aufgabe|weitere aufgaben|neue herausforderung',
    weight: 60,
    pattern: '(?:neuen?|weiteren?) (?:anweisung|aufgabe|herausforderung)(?:en|n)?',
  },
  {
    id: 'developer-mode',
    needs:
      'desenvolvedor|desarrollador|développeur|developpeur|entwicklermodus|разработчика|المطور|开发者|開發者|開発者|개발자',
    weight: 100,
    pattern:
      '(?:modo (?:de )?(?:desenvolvedor|desarrollador)|mode (?:de )?d[ée]veloppeur|entwicklermodus|режим(?:е)? разработчика|وضع المطور|(?:开发者|開發者)模式|開発者モード|개발자 모드)',
  },
  {
    id: 'foreign-dan',
    needs: 'dan',
    weight: 100,
    pattern:
      '(?:ahora eres|eres ahora|du bist jetzt|tu es (?:maintenant|désormais)|você agora é|agora você é|sei ora|теперь ты|أنت الآن|あなたは今|你现在是|你現在是|너는 이제) ?dan(?!\\w)',
  },
  {
    id: 'foreign-limits',
    needs:
      'filtros|filter|filtres|restricciones|restrições|restrictions|ограничен|фильтр|قيود|安全限制|制限|제한|restricción|programmation',
    weight: 100,
    pattern: `(?:desactiva|desative|désactive[zr]?|schalte|deaktiviere|отключи|تجاوز|ignora) ${W}(?:filtros?|filter|filtres?|restricciones|restrições|restrictions|fil[dt]ren|ограничени\\p{L}{0,2}|фильтр\\p{L}{0,2}|قيود)|(?:modo|mode) sin filtros|sans restrictions?|pas de restrictions|ne tiens pas compte de|绕过[^。\\n\\u2028]{0,8}限制|(?:安全|セキュリティ)?制限を?(?:解除|無視|回避)|제한을? (?:무시|해제)`,
  },
  {
    id: 'foreign-system-prompt',
    needs:
      'prompt do sistema|prompt del sistema|prompt de sistema|prompt système|prompt systeme|systemnachricht|системный промпт|системного промпта|موجه النظام|システムプロンプト|系统提示|系統提示|시스템 프롬프트|初始指令|元の指示|начальные инструкции|initiales|ursprünglichen',
    weight: inData(80, 100),
    pattern:
      '(?:prompt d[oe]l? sistema|prompt syst[èe]me|systemnachricht|системн(?:ый|ого) промпта?|موجه النظام|システムプロンプト|(?:系统|系統)提示|시스템 프롬프트|初始指令|元の指示|начальные инструкции)',
  },
];

/** Orders to put aside what was ordered before, and the like, in other languages than English. */
export const foreignOverrides: readonly Rule[] = wordRules('PROMPT_INJECTION', RULES).map((rule) => ({
  ...rule,
  pattern: new RegExp(rule.pattern.source.replace(/\\-/g, '-'), 'giu'),
}));
