export const trace = {
  title: 'SIP messages',
  lead: 'What the box and the telephones said to each other. Only administrators see it: it names people, numbers and addresses.',
  show: 'Show the SIP messages',
  hide: 'Hide the SIP messages',
  hint: 'Select an arrow to read its message. Passwords and keys are left out.',
  empty: 'No SIP message of this call is kept. The box remembers those of the latest calls until it restarts; calls between analog lines have none.',
  box: 'Box',
  message: (title: string, from: string, to: string, seconds: string) => `${title}, from ${from} to ${to}, after ${seconds} s`,
  text: (title: string) => `Message ${title}`,
  copy: 'Copy as text',
  download: 'Download as text',
};
