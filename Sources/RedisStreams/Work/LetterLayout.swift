package import FootbridgeRESP

/// The fields of a dead letter: what happened, then the entry's own fields behind the prefix `field.`, in their order.
/// `Letter` reads them.
package struct LetterLayout {
    /// `rejected: …`, `exhausted: …`
    package var reason: String
    /// Of the last answer.
    package var status: Int?
    package var attempts: Int
    /// Who gave the entry up: a bridge's route.
    package var route: String?
    /// Who gave the entry up, where there is no route.
    package var group: String?
    /// What people know the entry by.
    package var stream: any RESPArgument
    package var id: EntryID
    /// ISO 8601.
    package var firstAt: String
    package var lastAt: String
    /// How often the entry was replayed before.
    package var replays = 0
    /// The head of the last answer's body.
    package var response: [UInt8] = []
    package var fields: EntryFields

    package init(
        reason: String, status: Int? = nil, attempts: Int, route: String? = nil, group: String? = nil,
        stream: any RESPArgument, id: EntryID, firstAt: String, lastAt: String, fields: EntryFields
    ) {
        (self.reason, self.status, self.attempts, self.route, self.group) = (reason, status, attempts, route, group)
        (self.stream, self.id, self.firstAt, self.lastAt, self.fields) = (stream, id, firstAt, lastAt, fields)
    }

    package var arguments: [any RESPArgument] {
        var list: [any RESPArgument] = ["reason", reason]
        if let status { list += ["status", status] as [any RESPArgument] }
        list += ["attempts", attempts] as [any RESPArgument]
        if let route { list += ["route", route] }
        if let group { list += ["group", group] }
        list += ["stream", stream, "id", id.argument, "first_at", firstAt, "last_at", lastAt] as [any RESPArgument]
        if replays > 0 { list += ["replays", replays] as [any RESPArgument] }
        if !response.isEmpty { list += ["response", response] as [any RESPArgument] }
        for field in fields {
            list.append(Array("field.".utf8) + field.name)
            list.append(field.value)
        }
        return list
    }

    /// Whether it is too long for a script: Lua's unpack takes some 8,000 values (LUAI_MAXCSTACK).
    package var isTooLongForScript: Bool { 2 * fields.count + 20 > 7000 }
}
