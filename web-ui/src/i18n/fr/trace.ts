export const trace = {
  title: 'Messages SIP',
  lead: 'Ce que le boîtier et les téléphones se sont dit. Seuls les administrateurs le voient : noms, numéros et adresses y figurent.',
  show: 'Afficher les messages SIP',
  hide: 'Masquer les messages SIP',
  hint: 'Choisissez une flèche pour lire son message. Les mots de passe et les clés n’y sont pas.',
  empty: 'Aucun message SIP de cet appel n’est gardé. Le boîtier retient ceux des derniers appels jusqu’à son redémarrage ; un appel entre lignes analogiques n’en a pas.',
  box: 'Boîtier',
  message: (title: string, from: string, to: string, seconds: string) => `${title}, de ${from} vers ${to}, après ${seconds} s`,
  text: (title: string) => `Message ${title}`,
  copy: 'Copier en texte',
  download: 'Télécharger en texte',
};
