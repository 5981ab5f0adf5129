"""zeep as the asker: one JSON object a line comes in, one goes out.

Its argument is a JSON object: `identities` (certificate and key by name) and `anchors`. A client is made of the WSDL that is
served, over mutual TLS; requests are written from the types of our schemas and answers are read by them, strictly.
"""

import datetime
import email
import email.policy
import hashlib
import json
import sys
import uuid
from email.message import EmailMessage

import requests
import zeep
import zeep.exceptions
import zeep.helpers
from lxml import etree
from zeep.proxy import ServiceProxy

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
HL7 = "2.16.840.1.113883.1.6"
MOST_FOR_EMAIL = 16_777_216


class Mtom(zeep.Transport):
    """zeep writes no MTOM: its envelope goes into a package of one part. What came back is kept for a second reader."""

    package = False
    last = None

    def post(self, address, message, headers):
        if self.package:
            boundary = f"zeep-{uuid.uuid4()}"
            kind = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
            headers = {
                **headers,
                "Content-Type": f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; '
                'start="<root@zeep.example>"; start-info="application/soap+xml"',
            }
            head = (
                f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n"
                "Content-ID: <root@zeep.example>\r\n\r\n"
            )
            message = head.encode() + message + f"\r\n--{boundary}--\r\n".encode()
        self.last = super().post(address, message, headers)
        return self.last


class Bent(zeep.Plugin):
    """What the ends of the wire see; and what shall be wrong with a message is made wrong here, after zeep has written it."""

    how = None
    sent = None
    received = None

    def egress(self, envelope, http_headers, operation, binding_options):
        header = envelope.find(f"{{{SOAP12}}}Header")
        if header is None:
            header = etree.Element(f"{{{SOAP12}}}Header")
            envelope.insert(0, header)
        how = self.how or {}
        for name in how.get("without", []):
            for found in header.findall(f"{{{WSA}}}{name}"):
                header.remove(found)
        if "action" in how:
            header.find(f"{{{WSA}}}Action").text = how["action"]
        if "replyTo" in how:
            reply = etree.SubElement(header, f"{{{WSA}}}ReplyTo")
            etree.SubElement(reply, f"{{{WSA}}}Address").text = how["replyTo"]
        if how.get("unknownHeader"):
            strange = etree.SubElement(header, "{urn:x-stranger}Strange")
            strange.set(f"{{{SOAP12}}}mustUnderstand", "true")
        if how.get("soap11"):
            text = etree.tostring(envelope).replace(SOAP12.encode(), SOAP11.encode())
            envelope = etree.fromstring(text)
        self.sent = envelope
        return envelope, http_headers

    def ingress(self, envelope, http_headers, operation):
        self.received = envelope
        return envelope, http_headers


class Client:
    """A client of one WSDL, as one identity."""

    def __init__(self, wsdl, identity, anchors):
        session = requests.Session()
        # Else REQUESTS_CA_BUNDLE of the environment would outrank `verify`.
        session.trust_env = False
        session.cert = (identity["certificate"], identity["key"])
        session.verify = anchors
        self.transport = Mtom(session=session)
        self.bent = Bent()
        self.zeep = zeep.Client(wsdl, transport=self.transport, plugins=[self.bent])

    def call(self, asked, operation, arguments):
        self.bent.how = asked.get("bent")
        self.bent.received = None
        self.transport.package = bool(asked.get("mtom"))
        self.transport.last = None
        for service in self.zeep.wsdl.services.values():
            for port in service.ports.values():
                if operation in port.binding._operations:
                    # The WSDL says where it is; a recording, or a question to another actor, goes elsewhere.
                    address = asked.get("elsewhere") or port.binding_options["address"]
                    made = ServiceProxy(self.zeep, port.binding, address=address)
                    return made[operation](**arguments)
        raise LookupError(f"the WSDL has no operation {operation}")


def slot(name, *values):
    return {"name": name, "ValueList": {"Value": list(values)}}


def stored_query(asked):
    query = {"id": asked["query"], "Slot": [slot(name, *values) for name, values in asked["slots"].items()]}
    return "DocumentRegistry_RegistryStoredQuery", {
        "ResponseOption": {"returnComposedObjects": True, "returnType": asked.get("returnType", "LeafClass")},
        "AdhocQuery": query,
    }


def retrieval(asked):
    return "DocumentRepository_RetrieveDocumentSet", {
        "DocumentRequest": [
            {"RepositoryUniqueId": each["repository"], "DocumentUniqueId": each["uniqueId"]}
            for each in asked["documents"]
        ]
    }


def wrapper(asked, interaction, act):
    """The transmission wrapper of HL7 V3. Source: ITI TF-2: Appendix O."""

    def device(oid):
        return {"device": {"classCode": "DEV", "determinerCode": "INSTANCE", "id": [{"root": oid}]}}

    return {
        "ITSVersion": "XML_1.0",
        "id": {"root": str(uuid.uuid4())},
        "creationTime": {"value": datetime.datetime.now().strftime("%Y%m%d%H%M%S")},
        "interactionId": {"root": HL7, "extension": interaction},
        "processingCode": {"code": "P"},
        "processingModeCode": {"code": "T"},
        "acceptAckCode": {"code": "AL"},
        "receiver": [{"typeCode": "RCV", **device(asked["receiver"])}],
        "sender": {"typeCode": "SND", **device(asked["sender"])},
        "controlActProcess": act,
    }


def act_of(asked, trigger, parameters, more=None):
    return {
        "classCode": "CACT",
        "moodCode": "EVN",
        "code": {"code": trigger, "codeSystem": HL7},
        "authorOrPerformer": [
            {"typeCode": "AUT", "assignedDevice": {"classCode": "ASSIGNED", "id": [{"root": asked["sender"]}]}}
        ],
        "queryByParameter": {
            "queryId": {"root": asked["sender"], "extension": str(uuid.uuid4())},
            "statusCode": {"code": "new"},
            **(more or {}),
            "responsePriorityCode": {"code": "I"},
            "parameterList": parameters,
        },
    }


def pix_query(asked):
    parameters = {
        "dataSource": [{"value": [{"root": oid}], "semanticsText": "DataSource.id"} for oid in asked["dataSources"]],
        "patientIdentifier": [
            {"value": [{"root": asked["authority"], "extension": asked["patient"]}], "semanticsText": "Patient.id"}
        ],
    }
    name = "PRPA_IN201309UV02"
    return f"PIXManager_{name}", wrapper(asked, name, act_of(asked, "PRPA_TE201309UV02", parameters))


def demographics_query(asked):
    person = asked["person"]
    name = {"use": ["L", "IDE"], "_value_1": [{"family": person["family"]}, {"given": person["given"]}]}
    parameters = {
        "livingSubjectBirthTime": [
            {"value": [{"value": person["birth"]}], "semanticsText": "LivingSubject.birthTime"}
        ],
        "livingSubjectName": [{"value": [name], "semanticsText": "LivingSubject.name"}],
    }
    for oid in asked.get("domains", []):
        parameters.setdefault("otherIDsScopingOrganization", []).append(
            {"value": [{"root": oid}], "semanticsText": "OtherIDs.scopingOrganization.id"}
        )
    trigger = "PRPA_IN201305UV02"
    act = act_of(asked, "PRPA_TE201305UV02", parameters, {"responseModalityCode": {"code": "R"}})
    return f"PDSupplier_{trigger}", wrapper(asked, trigger, act)


REQUESTS = {
    "ITI-18": stored_query,
    "ITI-43": retrieval,
    "ITI-45": pix_query,
    "ITI-47": demographics_query,
}


def words_in(envelope):
    """Every text and attribute that is more than ASCII, taken apart at the separators of HL7."""
    found = set()
    if envelope is None:
        return []
    for element in envelope.iter():
        for text in [element.text, element.tail, *element.attrib.values()]:
            for part in (text or "").replace("&", "^").replace("|", "^").split("^"):
                if not part.isascii():
                    found.add(part.strip())
    return sorted(found)


def attachments_of(response):
    """The parts of an answer, by Python's own reader of MIME; None where it is too large for one that works by lines of text."""
    kind = response.headers.get("Content-Type", "")
    if not kind.startswith("multipart/"):
        return []
    if len(response.content) > MOST_FOR_EMAIL:
        return None
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message: EmailMessage = email.message_from_bytes(head + response.content, policy=email.policy.HTTP)
    found = []
    for part in list(message.iter_parts())[1:]:
        octets = part.get_payload(decode=True)
        found.append({"sha1": hashlib.sha1(octets).hexdigest(), "size": len(octets), "type": part.get_content_type()})
    return found


def plain(value):
    """What zeep made of an answer, as JSON."""
    if isinstance(value, etree._Element):
        return etree.tostring(value, encoding="unicode")
    if isinstance(value, bytes):
        return {"sha1": hashlib.sha1(value).hexdigest(), "size": len(value)}
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if inner not in (None, [])}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def answer(clients, options, asked):
    key = (asked["wsdl"], asked["as"])
    if key not in clients:
        clients[key] = Client(asked["wsdl"], options["identities"][asked["as"]], options["anchors"])
    client = clients[key]
    said = {"id": asked["id"]}
    try:
        operation, arguments = REQUESTS[asked["transaction"]](asked)
        result = client.call(asked, operation, arguments)
        root = getattr(result, "root", result)
        said["result"] = plain(zeep.helpers.serialize_object(root, dict))
        said["attachments"] = attachments_of(client.transport.last)
    except zeep.exceptions.Fault as fault:
        said["fault"] = {
            "code": fault.code,
            "reason": fault.message,
            "subcodes": [each.localname for each in fault.subcodes or []],
        }
    except zeep.exceptions.TransportError as error:
        said["transportError"] = {"status": error.status_code}
    except zeep.exceptions.Error as error:
        said["unreadable"] = f"{type(error).__name__}: {error}"
    if client.transport.last is not None:
        said["status"] = client.transport.last.status_code
    said["sentWords"] = words_in(client.bent.sent)
    said["words"] = words_in(client.bent.received)
    return said


def main():
    options = json.loads(sys.argv[1])
    clients = {}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = answer(clients, options, asked)
        except Exception as error:  # The next case shall have its turn.
            said = {"id": asked["id"], "unreadable": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


main()
