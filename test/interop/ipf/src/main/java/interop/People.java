package interop;

final class People {}
