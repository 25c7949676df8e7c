import { renderMarkdown } from '@grafana/data';

const REMOVED = 'img,picture,source,video,audio,svg,math,iframe,object,embed,form,input,button,style,link,script,base,meta';

/**
 * Markdown as HTML that is safe to show: sanitised by Grafana, then without anything that loads from or leads to another
 * site. A language model may have worded the text, and an image's address would carry data out as soon as it is shown.
 */
export function safeHtml(markdown: string): string {
  const page = new DOMParser().parseFromString(renderMarkdown(markdown), 'text/html');
  page.body.querySelectorAll(REMOVED).forEach((element) => element.remove());
  page.body.querySelectorAll('*').forEach((element) => {
    for (const attribute of Array.from(element.attributes)) {
      const isLink = element.tagName === 'A' && attribute.name === 'href';
      if (!(isLink && /^\/(?![/\\])/.test(attribute.value))) {
        element.removeAttribute(attribute.name);
      }
    }
  });
  page.body.querySelectorAll('a:not([href])').forEach((element) => element.replaceWith(...Array.from(element.childNodes)));
  return page.body.innerHTML;
}
