import type { EngineId } from '../../../shared/model/engine.ts'
import { dashscopeTemp } from './dashscope-temp/dashscope-temp.ts'
import { segmindAssets } from './segmind-assets/segmind-assets.ts'
import type { VendorStorage } from './storage-backend.ts'

/** The place that each vendor lends for inputs. */
export const VENDOR_STORAGES: Readonly<Partial<Record<EngineId, VendorStorage>>> = {
  dashscope: dashscopeTemp,
  segmind: segmindAssets,
}
