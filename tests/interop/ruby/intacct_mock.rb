# frozen_string_literal: true

# The mock in a Minitest suite: one process on free ports, one sandbox for each test, its verdict at the end.
require 'net/http'
require 'openssl'

module IntacctMock
  PROCESS = IO.popen([ENV.fetch('INTACCT_MOCK', 'intacct-mock'), *%w[--port 0 --https-port 0 --log-level warn]])
  at_exit { Process.kill(:TERM, PROCESS.pid) && PROCESS.close } # after the tests: those run at_exit, last come first

  # intacct-mock VERSION ready HTTP HTTPS scenario NAME
  _, _, ready, HTTP, HTTPS = PROCESS.gets.to_s.split
  raise 'intacct-mock did not start' unless ready == 'ready'

  def self.get(path)
    Net::HTTP.get(URI("#{HTTP}#{path}"))
  end

  # What to hand to a client as `ssl`, so that it trusts the mock's own CA.
  SSL = { cert_store: OpenSSL::X509::Store.new.add_cert(OpenSSL::X509::Certificate.new(get('/__mock/ca.pem'))) }.freeze

  # The test's own sandbox. The client id "demo~#{sandbox}" leads there too, where a base URL takes no path.
  def sandbox(scenario = 'happy-path')
    @sandbox ||= "#{scenario}.ruby-#{object_id}"
  end

  # A test fails unless the client did in its sandbox what the scenario expects of a sound one.
  def teardown
    return if failures.any? || !@sandbox

    verdict = IntacctMock.get("/__mock/sandboxes/#{@sandbox}/verdict")
    assert verdict.include?('"outcome":"met","exchanges"'), verdict
  end
end

require 'minitest/autorun'
