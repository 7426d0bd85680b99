# frozen_string_literal: true

# Minitest's results as TAP on standard output; what went wrong on standard error.
class Tap < Minitest::AbstractReporter
  def initialize(what)
    super()
    @what = what
    @count = @failed = 0
  end

  def start
    puts "1..#{Minitest::Runnable.runnables.sum { |tests| tests.runnable_methods.size }}"
  end

  def record(result)
    @count += 1
    @failed += 1 unless result.passed?
    warn result.failures unless result.passed?
    puts "#{'not ' unless result.passed?}ok #{@count} - #{@what} #{result.klass.downcase.tr('_', ' ')}: " \
         "#{result.name.delete_prefix('test_').tr('_', ' ')}"
  end

  def passed?
    @failed.zero?
  end

  # Takes the place of Minitest's own reporters.
  def self.only(what)
    Minitest.define_singleton_method(:plugin_tap_init) { |_options| reporter.reporters.replace([Tap.new(what)]) }
    Minitest.extensions << 'tap'
  end
end
