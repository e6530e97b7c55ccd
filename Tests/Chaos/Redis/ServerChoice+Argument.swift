public import ArgumentParser
public import TestSupport

extension ServerChoice: ExpressibleByArgument {}
