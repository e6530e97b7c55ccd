/// The marks of a route's groups, for what has to be made before the route.
final class GroupMarks {
    var of: (_ stream: Int) -> String? = { _ in nil }
}
