"""What a folder is for: told by its attributes (RFC 6154), or known by its name. Grammar.

Half of the large hosts do not tell (Outlook, Yahoo, iCloud, most Courier and Cyrus), and name
their folders in the language of the account. A name counts only where no attribute speaks, only on
the highest levels, and only for one folder of each role.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

__all__ = ["ROLES", "Role", "by_attributes", "by_name", "roles_of"]

Role = Literal["inbox", "all", "archive", "drafts", "flagged", "important", "junk", "sent", "trash",
               ""]
ROLES: tuple[Role, ...] = ("inbox", "all", "archive", "drafts", "flagged", "important", "junk",
                           "sent", "trash")

_ATTRIBUTES: dict[str, Role] = {
    "\\All": "all", "\\Archive": "archive", "\\Drafts": "drafts", "\\Flagged": "flagged",
    "\\Important": "important", "\\Junk": "junk", "\\Sent": "sent", "\\Trash": "trash",
    "\\Inbox": "inbox", "\\AllMail": "all", "\\Spam": "junk", "\\Starred": "flagged",
}
"""The last four are of XLIST, which Gmail had before RFC 6154 and strato still has."""

_NAMES: dict[Role, str] = {
    "sent": """
        sent; sent items; sent mail; sent messages; sentmail; sent-mail; sent_mail; sentbox;
        outbox sent; gesendet; gesendete elemente; gesendete objekte; gesendete nachrichten;
        gesendete mails; envoyés; éléments envoyés; messages envoyés; courrier envoyé;
        objets envoyés; enviados; elementos enviados; mensajes enviados; correo enviado;
        enviadas; itens enviados; mensagens enviadas; e-mails enviados; elements enviats;
        enviats; missatges enviats; bidaliak; posta inviata; inviati; inviata;
        elementi inviati; messaggi inviati; mail inviata; verzonden; verzonden items;
        verzonden berichten; verzonden mail; verzonden objecten; skickat; skickade;
        skickade objekt; skickade meddelanden; sendt; sendte; sendte elementer; sendt post;
        sendte beskeder; sendte meldinger; lähetetyt; lähetetyt viestit; saadetud;
        saadetud kirjad; saadetud üksused; nosūtītie; nosūtītās ziņas; nosūtītie vienumi;
        išsiųsti; išsiųsta; išsiųsti laiškai; wysłane; elementy wysłane; wiadomości wysłane;
        odeslané; odeslaná pošta; odeslané zprávy; odoslané; odoslaná pošta; odoslané správy;
        elküldött; elküldött elemek; elküldött üzenetek; poslano; poslane poruke;
        poslana pošta; poslane stavke; poslato; trimise; elemente trimise; mesaje trimise;
        απεσταλμένα; απεσταλμένα μηνύματα; отправленные; отправленное; исходящие отправленные;
        відправлені; надіслані; надіслане; изпратени; изпратена поща; послато; послате поруке;
        испратени; gönderilmiş öğeler; gönderilen; gönderilenler; gönderilmiş postalar;
        gönderilmiş; göndərilmiş; পাঠানো; भेजे गए; प्रेषित; البريد المرسل; المرسلة;
        العناصر المرسلة; المرسل; ارسال شده; پیام‌های ارسال شده; פריטים שנשלחו; דואר יוצא שנשלח;
        נשלח; נשלחו; 送信済み; 送信済みアイテム; 送信済みメール; 送信メール; 已发送;
        已发送邮件; 已发送的邮件; 已傳送; 寄件備份; 已寄出; 已发邮件; 寄件匣備份; 보낸 편지함;
        보낸편지함; 보낸 메일함; 보낸메일함; thư đã gửi; đã gửi; mục đã gửi; terkirim;
        item terkirim; pesan terkirim; dihantar; item dihantar; mel dihantar; จดหมายที่ส่ง;
        รายการที่ถูกส่ง; ส่งแล้ว; iliyotumwa; sent post; send; gesend; hlutir sendir; sendir hlutir;
        sendur póstur""",
    "drafts": """
        drafts; draft; draft messages; entwürfe; entwurf; brouillons; brouillon; borradores;
        borrador; rascunhos; rascunho; esborranys; zirriborroak; bozze; bozza; concepten;
        concept; utkast; kladder; kladde; luonnokset; mustandid; melnraksti; juodraščiai;
        kopie robocze; szkice; wersje robocze; koncepty; rozepsané; rozpísané; piszkozatok;
        piszkozat; vázlatok; osnutki; skice; nacrti; nedovršeno; ciorne; mesaje nefinalizate;
        schiţe; πρόχειρα; черновики; черновик; чернетки; чернови; нацрти; taslaklar; taslak;
        qaralamalar; খসড়া; ड्राफ़्ट; ड्राफ्ट; المسودات; مسودات; مسودة; پیش‌نویس‌ها; پیش نویس;
        טיוטות; טיוטה; 下書き; 草稿; 草稿箱; 草稿夾; 草稿匣; 임시보관함; 임시 보관함; 임시보관;
        thư nháp; bản nháp; nháp; konsep; draf; ร่าง; ร่างจดหมาย; rasimu; konsepte; drög""",
    "trash": """
        trash; deleted; deleted items; deleted messages; deleted mail; bin; wastebasket;
        rubbish; papierkorb; gelöscht; gelöschte elemente; gelöschte objekte;
        gelöschte nachrichten; corbeille; éléments supprimés; messages supprimés; supprimés;
        papelera; elementos eliminados; papelera de reciclaje; correo eliminado;
        mensajes eliminados; eliminados; lixeira; lixo; itens excluídos; itens eliminados;
        mensagens excluídas; paperera; elements suprimits; zakarrontzia; cestino;
        posta eliminata; elementi eliminati; eliminati; prullenbak; verwijderde items;
        verwijderd; prullenmand; papperskorgen; borttagna objekt; borttagna; papirkurv;
        papirkurven; slettet post; slettede elementer; slettede; slettet; roskakori; poistetut;
        poistetut viestit; prügikast; kustutatud; kustutatud üksused; atkritne; dzēstie;
        miskaste; šiukšlinė; ištrinti; kosz; elementy usunięte; usunięte; koš;
        odstraněná pošta; odpadky; odstranené; odstránená pošta; kôš; lomtár; törölt elemek;
        kuka; törölt; smeti; izbrisano; koš za smeće; smeće; otpad; obrisano; kanta;
        izbrisane stavke; coș de gunoi; coş de gunoi; gunoi; elemente șterse; κάδος;
        κάδος απορριμμάτων; διαγραμμένα; απορρίμματα; корзина; удаленные; удалённые;
        удаленные элементы; кошик; видалені; кошче; изтрити; отпад; обрисано; çöp; çöp kutusu;
        silinmiş öğeler; silinenler; silinmiş; zibil qutusu; ট্র্যাশ; ट्रैश; سلة المهملات;
        المهملات; العناصر المحذوفة; المحذوفة; زباله‌دان; حذف شده; אשפה; פריטים שנמחקו; נמחקו;
        ゴミ箱; ごみ箱; 削除済みアイテム; 削除済み; 已删除; 已删除邮件; 废件箱; 垃圾箱; 已刪除;
        垃圾桶; 刪除的郵件; 已刪除的郵件; 휴지통; 지운 편지함; 지운편지함; thùng rác; đã xóa;
        tempat sampah; sampah; item dihapus; item dipadam; ถังขยะ; รายการที่ถูกลบ; takataka;
        asblik; ruslakörfu; eytt""",
    "junk": """
        junk; spam; junk email; junk e-mail; junk mail; bulk mail; bulk; junk messages;
        quarantine spam; spamverdacht; junk-e-mail; unerwünscht; werbung; spam-verdacht;
        unbekannt spam; pourriel; indésirables; courrier indésirable; courriel indésirable;
        pourriels; no deseado; correo no deseado; correo basura; lixo eletrônico;
        lixo eletrónico; lixo electrónico; correu brossa; brossa; zabor-posta;
        posta indesiderata; indesiderata; ongewenst; ongewenste e-mail; ongewenste mail;
        skräppost; skräp; uønsket; uønsket e-mail; uønsket e-post; søppelpost; søppel-epost;
        roskaposti; rämpspost; surogātpasts; mēstules; brukalas; nepageidaujami laiškai;
        šlamštas; niechciane; wiadomości-śmieci; wiadomości śmieci; nevyžádaná pošta;
        nevyžádané; nevyžiadaná pošta; levélszemét; vsiljena pošta; neželena pošta;
        neželjena pošta; neželjena e-pošta; spam pošta; nedorite; e-mail nedorit; ανεπιθύμητα;
        ανεπιθύμητη αλληλογραφία; спам; нежелательная почта; небажана пошта; небажані;
        нежелана поща; нежељена пошта; нежелана пошта; gereksiz; gereksiz e-posta; istenmeyen;
        istenmeyen posta; önemsiz e-posta; স্প্যাম; स्पैम; البريد العشوائي; بريد غير مرغوب فيه;
        البريد غير الهام; هرزنامه; דואר זבל; ספאם; זבל; 迷惑メール; 迷惑メールフォルダ;
        垃圾邮件; 垃圾郵件; 广告邮件; 스팸; 스팸메일함; 스팸 메일함; 정크 메일; 스팸편지함;
        thư rác; email sampah; emel remeh; spam mail; อีเมลขยะ; จดหมายขยะ; ruslpóstur;
        gemorspos""",
    "archive": """
        archive; archives; archived; archiv; archivierte; archivées; archivo; archivos;
        archivado; arquivo; arquivos; arquivo morto; arxiu; arxivats; artxiboa; archivio;
        archief; arkiv; arkisto; arhiiv; arhīvs; archyvas; archyvai; archiwum; archív;
        archívum; arhiv; arhiva; arhivă; αρχείο; αρχειοθήκη; архив; архів; архива; arşiv;
        arxiv; আর্কাইভ; संग्रह; الأرشيف; أرشيف; بایگانی; ארכיון; アーカイブ; 存档; 归档; 封存;
        封存郵件; 보관함; 보관; 보관 편지함; lưu trữ; arsip; arkib; เก็บถาวร; nyaraka; argief;
        safn""",
    "all": """
        all mail; all messages; all; alle nachrichten; tous les messages; todos;
        todos os e-mails; todo el correo; tutti i messaggi; alle berichten; alle e-mail;
        all e-post; al post; kaikki viestit; wszystkie; všechny zprávy; všetky správy;
        összes levél; toate mesajele; вся почта; уся пошта; tüm postalar; すべてのメール;
        所有邮件; 所有郵件; 전체보관함; 전체 메일; 모든 메일; tất cả thư; semua email;
        كل البريد; כל הדואר""",
    "flagged": """
        flagged; starred; markiert; suivis; favoris; destacados; com estrela; speciali;
        met ster; stjärnmärkt; stjernemerket; stjernemarkerede; oznaczone gwiazdką;
        s hvězdičkou; csillagozott; cu stea; помеченные; із зірочкою; yıldızlı; スター付き;
        已加星标; 已加星號; 별표편지함; gắn dấu sao; berbintang""",
    "important": """
        important; wichtig; importants; importantes; importante; importanti; belangrijk;
        viktigt; viktig; vigtigt; tärkeät; ważne; důležité; fontos; важное; важливо; önemli;
        重要; 重要邮件; 중요편지함; quan trọng; penting""",
}


def _folded(name: str) -> str:
    """A name for comparing: case, accents' forms, hyphens and doubled spaces say nothing."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(plain.replace("_", " ").replace("-", " ").split())


_ROLE_OF = {_folded(name): role for role, names in _NAMES.items()
            for name in names.split(";") if name.strip()}
_FIRST = ("[gmail]", "[google mail]", "inbox")


def by_attributes(attributes: Iterable[str]) -> Role:
    """The role that the server tells, or "".

    Example:
        >>> by_attributes({"\\\\HasNoChildren", "\\\\Sent"}), by_attributes({"\\\\Noselect"})
        ('sent', '')
    """
    given = set(attributes)
    return next((role for name, role in _ATTRIBUTES.items() if name in given), "")


def by_name(name: str, delimiter: str = "/") -> Role:
    """The role that a name speaks of, or "".

    Args:
        name: as people read it.
        delimiter: between its levels.

    Example:
        >>> by_name("Gesendete Elemente"), by_name("INBOX.Trash", "."), by_name("送信済みメール")
        ('sent', 'trash', 'sent')
        >>> by_name("Clients/Sent/2024"), by_name("inbox")
        ('', 'inbox')
    """
    if name.upper() == "INBOX":
        return "inbox"
    levels = name.split(delimiter) if delimiter else [name]
    if len(levels) > 1 and levels[0].lower() in _FIRST:
        levels = levels[1:]
    return _ROLE_OF.get(_folded(levels[0]), "") if len(levels) == 1 else ""


def roles_of(folders: Iterable[tuple[str, str, frozenset[str]]]) -> dict[str, Role]:
    """Which folder has which role: at most one name is guessed for each.

    Args:
        folders: name, delimiter and attributes of each.

    Example:
        >>> roles_of([("INBOX", "/", frozenset()), ("Sent", "/", frozenset()),
        ...           ("Verzonden", "/", frozenset()), ("Weg", "/", frozenset({"\\\\Trash"}))])
        {'INBOX': 'inbox', 'Weg': 'trash', 'Sent': 'sent'}
    """
    known = list(folders)
    found: dict[str, Role] = {}
    for name, _, attributes in known:
        role: Role = "inbox" if name.upper() == "INBOX" else by_attributes(attributes)
        if role:
            found[name] = role
    taken = set(found.values())
    for name, delimiter, attributes in known:
        role = by_name(name, delimiter)
        if role and role not in taken and name not in found and "\\Noselect" not in attributes:
            found[name] = role
            taken.add(role)
    return found
